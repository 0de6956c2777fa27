//! What a receiver can tell by that a request comes from here, and when it was made.

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::HeaderValue;
use sha2::Sha256;

use super::NotDelivered;
use crate::ground::{Time, hex};

/// The header that carries it.
pub(super) const HEADER: &str = "X-Opsctl-Signature";

/// `t=UNIX,v1=HEX`, where HEX is the HMAC-SHA256 of `UNIX.BODY`: whoever checks the time, too, cannot be told the same
/// again by somebody who has listened.
pub(super) fn signature(secret: &str, now: Time, body: &str) -> Result<HeaderValue, NotDelivered> {
    let time = now.timestamp();
    let value = format!("t={time},v1={}", mac(secret, &format!("{time}.{body}"))?);
    let mut value =
        HeaderValue::from_str(&value).map_err(|_| NotDelivered::finally("the signature cannot stand in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn mac(secret: &str, text: &str) -> Result<String, NotDelivered> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|_| NotDelivered::finally("the secret cannot be used to sign"))?;
    mac.update(text.as_bytes());
    Ok(hex(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{mac, signature};
    use chrono::DateTime;

    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(mac("Jefe", "what do ya want for nothing?").unwrap(), expected);
    }

    #[test]
    fn time_and_body_are_signed_together() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let one = signature("key", at(1_700_000_000), "{}").unwrap();
        let text = one.to_str().unwrap();
        assert_eq!(text, format!("t=1700000000,v1={}", mac("key", "1700000000.{}").unwrap()));
        assert!(one.is_sensitive() && format!("{one:?}") == "Sensitive");
        assert_ne!(one, signature("key", at(1_700_000_001), "{}").unwrap());
        assert_ne!(one, signature("key2", at(1_700_000_000), "{}").unwrap());
    }
}

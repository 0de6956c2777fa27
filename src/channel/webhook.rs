//! Delivery by a POST request.

use reqwest::header::{CONTENT_TYPE, HeaderValue};

use super::address::Address;
use super::letter::Letter;
use super::request::{Towards, ask};
use super::signature::{HEADER, signature};
use super::{Courier, NotDelivered, Preview, Receipt};
use crate::catalog::model::Webhook;
use crate::expand::Filler;

/// Posts the letter. The URL may be a secret as a whole, so errors name only its host and port.
pub(super) async fn post(hook: &Webhook, letter: &Letter, courier: &Courier<'_>) -> Result<Receipt, NotDelivered> {
    let address = Address::read(&hook.url, Filler::new(courier.vars))?;
    let body = letter.json()?;
    let key = HeaderValue::from_str(&letter.message.id)
        .map_err(|_| NotDelivered::finally("the message's id cannot stand in a header"))?;
    let mut redactor = courier.redactor.clone();
    address.hidden.into_iter().for_each(|value| redactor.add(value));
    let request = courier.client()?.post(address.url).header(CONTENT_TYPE, "application/json");
    let mut request = request.header("Idempotency-Key", key);
    if let Some(secret) = &hook.secret {
        let secret = key_of(secret, courier)?;
        request = request.header(HEADER, signature(&secret, courier.clock.now(), &body)?);
        redactor.add(secret);
    }
    let to = Towards { place: &address.place, redactor: &redactor };
    let answer = ask(request.body(body), &to, courier).await?;
    Ok(Receipt::taken(format!("{} answered {}", address.place, answer.status())))
}

/// What would be posted.
pub(super) fn preview(hook: &Webhook, letter: &Letter, courier: &Courier<'_>) -> Result<Preview, NotDelivered> {
    let address = Address::read(&hook.url, Filler::new(courier.vars))?;
    if let Some(secret) = &hook.secret {
        key_of(secret, courier)?;
    }
    Ok(Preview { kind: "webhook", to: format!("POST {}", address.place), body: letter.json()? })
}

/// A key with its variables filled in.
pub(super) fn key_of(written: &str, courier: &Courier<'_>) -> Result<String, NotDelivered> {
    let mut fill = Filler::new(courier.vars);
    let key = fill.key(written);
    if fill.unset.is_empty() { Ok(key) } else { Err(NotDelivered::unset(&fill.unset)) }
}

//! A message as a mail to one recipient.

use std::time::SystemTime;

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Builder, MultiPart, SinglePart};
use url::Host;

use super::html::page;
use super::subject;
use crate::catalog::model::{Email, Recipient, mailbox};
use crate::channel::letter::Letter;
use crate::channel::placeholder::fill;
use crate::channel::shorten::shorten;
use crate::channel::{Courier, NotDelivered};
use crate::expand::Filler;
use crate::ground::{plain_line, sha256};

/// A subject's length, in characters.
const SUBJECT: usize = 250;

/// A mail, ready to go.
pub(super) struct Mail {
    pub from: Address,
    pub to: Address,
    /// With its headers, as it goes over the wire.
    pub bytes: Vec<u8>,
}

/// Writes the mail. The same message to the same recipient is the same mail, byte for byte.
pub(super) fn compose(
    email: &Email,
    recipient: &Recipient,
    letter: &Letter,
    courier: &Courier<'_>,
) -> Result<Mail, NotDelivered> {
    let message = &letter.message;
    let from = writer("from", &email.from, courier)?;
    let to = ascii(&recipient.address)
        .ok_or_else(|| NotDelivered::finally(format!("`{}` is no address", plain_line(&recipient.address))))?;
    let subject = plain_line(&fill(&message.title, recipient)?);
    let subject = shorten(subject.trim(), SUBJECT, "…", |_| 1);
    let text = fill(&message.text, recipient)?;
    let domain = from.email.domain().to_owned();
    let id_of = |what: &str| format!("<{}@{domain}>", short(&[what, &recipient.address]));
    let mut mail = Builder::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to.clone()))
        .raw_header(subject::header(&subject))
        .date(SystemTime::from(message.at))
        .message_id(Some(id_of(&message.id)))
        // Vacation notices and other robots do not answer this (RFC 3834).
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Opsctl-Message", &message.id));
    if let Some(reply_to) = &email.reply_to {
        mail = mail.reply_to(writer("reply_to", reply_to, courier)?);
    }
    if let Some(thread) = &message.thread {
        // Nobody has the mail that this answers; mail programs keep together what refers to the same.
        let root = id_of(&thread.incident);
        mail = mail.in_reply_to(root.clone()).references(root);
    }
    // The boundary depends on what it bounds, so that no text can contain it.
    let boundary = format!("opsctl-{}", short(&[&message.id, &recipient.address, &subject, &text]));
    let html = page(&subject, &text);
    let parts = MultiPart::alternative().boundary(boundary);
    let parts = parts.singlepart(SinglePart::plain(text)).singlepart(SinglePart::html(html));
    let built = mail.multipart(parts).map_err(|error| NotDelivered::finally(format!("there is no mail: {error}")))?;
    Ok(Mail { from: from.email, to, bytes: built.formatted() })
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), plain_line(value))
}

/// Half a hash: enough that no two are the same.
fn short(parts: &[&str]) -> String {
    let mut hash = sha256(parts.join("\n").as_bytes());
    hash.truncate(32);
    hash
}

/// Who writes, or gets the answers.
fn writer(key: &str, written: &str, courier: &Courier<'_>) -> Result<Mailbox, NotDelivered> {
    let mut filler = Filler::new(courier.vars);
    let text = filler.plain(written);
    if !filler.unset.is_empty() {
        return Err(NotDelivered::unset(&filler.unset));
    }
    let found = mailbox(&text).and_then(|(name, address)| {
        let name = name.map(plain_line).filter(|name| !name.trim().is_empty());
        Some(Mailbox::new(name, ascii(address)?))
    });
    found.ok_or_else(|| {
        let text = plain_line(&text);
        NotDelivered::finally(format!("`{key}` is no address: `{text}`; write `Support <support@example.com>`"))
    })
}

/// An address whose host is written as mail servers write it: `bücher.example` is `xn--bcher-kva.example` to them.
fn ascii(address: &str) -> Option<Address> {
    let (user, host) = address.rsplit_once('@')?;
    let Host::Domain(host) = Host::parse(host).ok()? else { return None };
    Address::new(user, host).ok().filter(|address| crate::catalog::model::is_mail_address(address.as_ref()))
}

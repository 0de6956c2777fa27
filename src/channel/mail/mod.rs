//! Delivery by mail: a message of their own for each recipient.

mod compose;
mod connect;
mod html;
mod recipients;
mod send;
mod server;
mod stream;
mod subject;

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::letter::Letter;
use super::{Courier, Message, NotDelivered, Preview, Receipt};
use crate::catalog::model::{Email, Recipient};

pub(super) use recipients::recipients;
pub(super) use server::keys;

use compose::compose;
use send::Miss;
use server::Server;

/// So many messages are remembered that have reached some of their recipients.
const REMEMBERED: usize = 1000;

/// Sends a message to one recipient.
pub(super) async fn to_one(
    email: &Email,
    recipient: &Recipient,
    message: &Message,
    courier: &Courier<'_>,
) -> Result<Receipt, NotDelivered> {
    let server = Server::read(email, courier.vars)?;
    let letter = Letter::of(message, &courier.redactor);
    let mail = compose(email, recipient, &letter, courier)?;
    let how = send::send(&server, &mail, courier).await.map_err(|miss| miss.failed)?;
    Ok(Receipt::taken(how))
}

/// The mail that one recipient would get; the first, when none is named.
pub(super) fn preview(
    email: &Email,
    recipient: Option<&Recipient>,
    message: &Message,
    courier: &Courier<'_>,
) -> Result<Preview, NotDelivered> {
    Server::read(email, courier.vars)?;
    let first = if recipient.is_none() { recipients(email, courier)?.into_iter().next() } else { None };
    let recipient = recipient.or(first.as_ref()).ok_or_else(recipients::nobody)?;
    let letter = Letter::of(message, &courier.redactor);
    let mail = compose(email, recipient, &letter, courier)?;
    let body = String::from_utf8_lossy(&mail.bytes).into_owned();
    Ok(Preview { kind: "email", to: recipient.address.clone(), body })
}

/// Sends a message to every recipient who has not got it yet, one after another.
pub(super) async fn to_all(
    channel: &str,
    email: &Email,
    message: &Message,
    courier: &Courier<'_>,
) -> Result<Receipt, NotDelivered> {
    let key = (channel.to_owned(), message.id.clone());
    let everybody = recipients(email, courier)?;
    let server = Server::read(email, courier.vars)?;
    let letter = Letter::of(message, &courier.redactor);
    // Before the first mail goes out, for one that lacks a value should be known before some have got theirs.
    let mails = everybody.iter().map(|one| compose(email, one, &letter, courier)).collect::<Result<Vec<_>, _>>()?;
    let mut misses = Vec::new();
    for (recipient, mail) in everybody.iter().zip(&mails) {
        if courier.has_reached(&key, &recipient.address) {
            continue;
        }
        match send::send(&server, mail, courier).await {
            Ok(_) => courier.note_reached(&key, &recipient.address),
            Err(miss) => {
                let is_everyones = miss.is_everyones;
                misses.push((recipient, miss));
                if is_everyones {
                    break;
                }
            }
        }
    }
    let reached = everybody.iter().filter(|one| courier.has_reached(&key, &one.address)).count();
    match summary(&misses, reached, everybody.len()) {
        None => {
            courier.forget_reached(&key);
            let people = if reached == 1 { "1 recipient".to_owned() } else { format!("{reached} recipients") };
            Ok(Receipt::taken(format!("{} took it for {people}", server.place())))
        }
        Some(failed) => Err(failed),
    }
}

/// What the misses come to; none when there are none. Those who were reached are not written to again, so it is worth
/// trying as long as one of the others may be.
fn summary(misses: &[(&Recipient, Miss)], reached: usize, all: usize) -> Option<NotDelivered> {
    let (recipient, first) = misses.first()?;
    if all == 1 || first.is_everyones && reached == 0 {
        return Some(first.failed.clone());
    }
    let more = misses.len() - 1;
    let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    let reason = format!("{reached} of {all} were reached; not {}: {}{more}", recipient.address, first.failed.reason);
    let failed = || misses.iter().map(|(_, miss)| &miss.failed);
    Some(NotDelivered {
        reason,
        again: failed().any(|failed| failed.again),
        after: failed().filter_map(|failed| failed.after).max(),
        uncertain: failed().any(|failed| failed.uncertain),
    })
}

/// A channel and a message.
type Key = (String, String);

impl Courier<'_> {
    fn has_reached(&self, key: &Key, address: &str) -> bool {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.get(key).is_some_and(|known: &BTreeSet<String>| known.contains(address))
    }

    fn note_reached(&self, key: &Key, address: &str) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if reached.len() >= REMEMBERED && !reached.contains_key(key) {
            reached.pop_first();
        }
        reached.entry(key.clone()).or_default().insert(address.to_owned());
    }

    fn forget_reached(&self, key: &Key) {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

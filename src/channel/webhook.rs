//! Delivery by a POST request.

use std::error::Error as _;
use std::iter::successors;

use reqwest::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use super::address::Address;
use super::client::has_proxy;
use super::excerpt::excerpt;
use super::letter::Letter;
use super::retry_after::retry_after;
use super::{Courier, NotDelivered, Receipt};
use crate::expand::Filler;
use crate::ground::Span;
use crate::redact::Redactor;

/// How much of an answer is read.
const READ: usize = 4 * 1024;

/// Posts the letter. The URL may be a secret as a whole, so errors name only its host and port.
pub(super) async fn post(written: &str, letter: Letter, courier: &Courier<'_>) -> Result<Receipt, NotDelivered> {
    let address = Address::read(written, Filler::new(courier.vars))?;
    let key = HeaderValue::from_str(&letter.id)
        .map_err(|_| NotDelivered::finally("the message's id cannot stand in a header"))?;
    let request = courier.client()?.post(address.url).header(CONTENT_TYPE, "application/json");
    let sent = request.header("Idempotency-Key", key).body(letter.json).send().await;
    let mut redactor = courier.redactor.clone();
    address.hidden.into_iter().for_each(|value| redactor.add(value));
    let place = address.place;
    match sent {
        Ok(answer) if answer.status().is_success() => {
            Ok(Receipt::Delivered(format!("{place} answered {}", answer.status())))
        }
        Ok(answer) => Err(refused(&place, answer, courier, &redactor).await),
        Err(error) => {
            let why = redactor.text(&unanswered(&place, error, courier.patience.usual));
            let by = if has_proxy(courier.vars) { " (the environment names a proxy)" } else { "" };
            Err(NotDelivered::for_now(format!("{why}{by}")))
        }
    }
}

async fn refused(place: &str, mut answer: Response, courier: &Courier<'_>, redactor: &Redactor) -> NotDelivered {
    let status = answer.status();
    let mut reason = format!("{place} answered {status}");
    if status.is_redirection() {
        reason.push_str("; redirects are not followed: write the address it leads to");
        return NotDelivered::finally(reason);
    }
    let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let after = after.and_then(|text| retry_after(text, courier.clock.now()));
    let (said, whole) = beginning(&mut answer).await;
    let said = excerpt(&said, whole, redactor);
    if !said.is_empty() {
        reason = format!("{reason}: {said}");
    }
    if is_passing(status) {
        NotDelivered { after, ..NotDelivered::for_now(reason) }
    } else {
        NotDelivered::finally(reason)
    }
}

/// Whether the same request may be taken later.
fn is_passing(status: StatusCode) -> bool {
    let others = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    status.is_server_error() || others.contains(&status)
}

/// The beginning of an answer, and whether it is all of it.
async fn beginning(answer: &mut Response) -> (Vec<u8>, bool) {
    let mut said = Vec::new();
    while said.len() < READ {
        match answer.chunk().await {
            Ok(Some(chunk)) => said.extend_from_slice(&chunk),
            Ok(None) => return (said, true),
            Err(_) => break, // What has come is enough to show.
        }
    }
    said.truncate(READ);
    (said, false)
}

fn unanswered(place: &str, error: reqwest::Error, limit: Span) -> String {
    if error.is_timeout() {
        return format!("{place} did not answer within {limit}");
    }
    let could_not = if error.is_connect() { "could not connect to" } else { "no proper answer from" };
    let error = error.without_url();
    let innermost = successors(error.source(), |cause| (*cause).source()).last();
    match innermost {
        Some(cause) => format!("{could_not} {place}: {cause}"),
        None => format!("{could_not} {place}: {error}"),
    }
}

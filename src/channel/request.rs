//! One HTTP request, and what its answer means for a message.

use std::error::Error as _;
use std::iter::successors;

use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, Response, StatusCode};

use super::client::has_proxy;
use super::excerpt::excerpt;
use super::retry_after::retry_after;
use super::{Courier, NotDelivered};
use crate::redact::Redactor;

/// How much of an answer that says no is read.
const READ: usize = 4 * 1024;

/// Whom a request goes to, as it may be shown, and what of the conversation may not.
pub(super) struct Towards<'a> {
    pub place: &'a str,
    pub redactor: &'a Redactor,
}

/// Makes a request; gives the answer when it says yes.
pub(super) async fn ask(
    request: RequestBuilder,
    to: &Towards<'_>,
    courier: &Courier<'_>,
) -> Result<Response, NotDelivered> {
    match request.send().await {
        Ok(answer) if answer.status().is_success() => Ok(answer),
        Ok(answer) => Err(refused(to, answer, courier).await),
        Err(error) => Err(unanswered(to, error, courier)),
    }
}

async fn refused(to: &Towards<'_>, mut answer: Response, courier: &Courier<'_>) -> NotDelivered {
    let status = answer.status();
    let mut reason = format!("{} answered {status}", to.place);
    if status.is_redirection() {
        reason.push_str("; redirects are not followed: write the address it leads to");
        return NotDelivered::finally(reason);
    }
    let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let after = after.and_then(|text| retry_after(text, courier.clock.now()));
    let (said, whole) = beginning(&mut answer, READ).await;
    let said = excerpt(&said, whole, to.redactor);
    if !said.is_empty() {
        reason = format!("{reason}: {said}");
    }
    if is_passing(status) {
        NotDelivered { after, ..NotDelivered::for_now(reason) }
    } else {
        NotDelivered::finally(reason)
    }
}

/// Whether the same request may be taken later. 420 is 429 in an older dialect.
fn is_passing(status: StatusCode) -> bool {
    let others = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    status.is_server_error() || others.contains(&status) || status.as_u16() == 420
}

/// The beginning of an answer, and whether it is all of it.
pub(super) async fn beginning(answer: &mut Response, most: usize) -> (Vec<u8>, bool) {
    let mut said = Vec::new();
    while said.len() < most {
        match answer.chunk().await {
            Ok(Some(chunk)) => said.extend_from_slice(&chunk),
            Ok(None) => return (said, true),
            Err(_) => break, // What has come is enough to show.
        }
    }
    said.truncate(most);
    (said, false)
}

fn unanswered(to: &Towards<'_>, error: reqwest::Error, courier: &Courier<'_>) -> NotDelivered {
    // Whoever was not connected to has got nothing; anybody else may have got all of it.
    let was_begun = !error.is_connect() && !error.is_builder();
    let why = to.redactor.text(&said_nothing(to.place, error, courier));
    let by = if has_proxy(courier.vars) { " (the environment names a proxy)" } else { "" };
    let reason = format!("{why}{by}");
    if was_begun { NotDelivered::perhaps(reason) } else { NotDelivered::for_now(reason) }
}

fn said_nothing(place: &str, error: reqwest::Error, courier: &Courier<'_>) -> String {
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => return format!("could not connect to {place} within {}", courier.patience.connecting()),
        (false, true) => return format!("{place} did not answer within {}", courier.patience.usual),
        _ => {}
    }
    let could_not = if error.is_connect() { "could not connect to" } else { "no proper answer from" };
    let error = error.without_url();
    let innermost = successors(error.source(), |cause| (*cause).source()).last();
    match innermost {
        Some(cause) => format!("{could_not} {place}: {cause}"),
        None => format!("{could_not} {place}: {error}"),
    }
}

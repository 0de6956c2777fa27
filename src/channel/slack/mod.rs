//! Delivery to an incoming webhook of Slack.

mod blocks;

use reqwest::header::CONTENT_TYPE;

use super::address::Address;
use super::letter::Letter;
use super::request::{Towards, ask};
use super::{Courier, NotDelivered, Preview, Receipt};
use crate::expand::Filler;

/// Posts the letter. Whoever knows the URL can write to the channel, so errors name only its host and port.
pub(super) async fn post(written: &str, letter: &Letter, courier: &Courier<'_>) -> Result<Receipt, NotDelivered> {
    let address = Address::read(written, Filler::new(courier.vars))?;
    let mut redactor = courier.redactor.clone();
    address.hidden.into_iter().for_each(|value| redactor.add(value));
    let request = courier.client()?.post(address.url).header(CONTENT_TYPE, "application/json");
    let to = Towards { place: &address.place, redactor: &redactor };
    let answer = ask(request.body(blocks::body(&letter.message)), &to, courier).await?;
    Ok(Receipt::taken(format!("{} answered {}", address.place, answer.status())))
}

/// What would be posted.
pub(super) fn preview(written: &str, letter: &Letter, courier: &Courier<'_>) -> Result<Preview, NotDelivered> {
    let address = Address::read(written, Filler::new(courier.vars))?;
    Ok(Preview { kind: "slack", to: format!("POST {}", address.place), body: blocks::body(&letter.message) })
}

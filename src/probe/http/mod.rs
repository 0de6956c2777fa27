//! Probes by HTTP request.
//!
//! Every request has a connection of its own, as a new visitor's would. Proxies of the environment are not used: a
//! proxy's answer says nothing about the service.

mod body;
mod exchange;
mod first;
mod proxy;
mod request;

use hyper::header::LOCATION;
use hyper::{Method, StatusCode};
use url::Url;

use super::With;
use super::expand::Filler;
use super::sight::{Failure, Phase, Sight};
use crate::catalog::model::HttpTarget;
use exchange::{Answer, exchange};
use request::{Parts, Request};

pub(super) use exchange::headers_of;
pub(super) use request::value as header_value;

/// Sends the request, follows redirects, and reads the last answer.
pub(super) async fn look(
    target: &HttpTarget,
    fill: &mut Filler<'_>,
    with: &With<'_>,
    sight: &mut Sight,
) -> Result<(), Failure> {
    let url = fill.address(&target.url);
    let parts = Parts::fill(target, fill);
    if !fill.unset.is_empty() {
        return Ok(());
    }
    let mut request = parts.aim(&url, &target.url, fill)?;
    loop {
        let mut answer = exchange(&request, target.version, with, sight).await?;
        sight.facts.status = Some(answer.status().as_u16());
        sight.facts.headers = Some(answer.headers());
        let Some(next) = next(&answer, &request.url).filter(|_| target.redirects > 0) else {
            return finish(&mut answer, &request, sight).await;
        };
        if sight.hops.len() >= target.redirects as usize {
            let place = request.place()?;
            let many =
                if target.redirects == 1 { "1 redirect".to_owned() } else { format!("{} redirects", target.redirects) };
            return Err(format!("gave up after {many}, the last one at {place}").into());
        }
        sight.hop(origin(&request.url), answer.status().as_u16());
        sight.facts.redirects = u32::try_from(sight.hops.len()).ok();
        request.turn_to(next?, answer.status());
    }
}

async fn finish(answer: &mut Answer, request: &Request, sight: &mut Sight) -> Result<(), Failure> {
    sight.facts.redirects = u32::try_from(sight.hops.len()).ok();
    sight.enter(Phase::Transfer, "the answer did not end");
    let place = request.place()?;
    let read = body::read(answer, &place).await;
    sight.leave();
    if !sight.hops.is_empty() {
        sight.hop(origin(&request.url), answer.status().as_u16());
    }
    let body = match read {
        Ok(body) => body,
        Err(body::Broken { so_far, why }) => {
            sight.output = so_far;
            return Err(why.into());
        }
    };
    sight.output.clone_from(&body.text);
    sight.unread = body.unread;
    if sight.unread.is_none() {
        sight.facts.body = Some(body.text);
    }
    Ok(())
}

// Where a redirect leads; none when the answer is none.
fn next(answer: &Answer, from: &Url) -> Option<Result<Url, Failure>> {
    let code = answer.status();
    let leads = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    let location = answer.header(&LOCATION).filter(|_| leads.contains(&code))?;
    let wrong = |why: &str| Failure::from(format!("the redirect from {} leads nowhere: {why}", origin(from)));
    Some(match from.join(&location) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Ok(url) => Err(wrong(&format!("`{}` is not http or https", url.scheme()))),
        Err(error) => Err(wrong(&error.to_string())),
    })
}

/// Scheme, host and port of an address; the rest may hold keys.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// After these a request becomes a GET without body, as browsers do.
fn becomes_get(status: StatusCode, method: &Method) -> bool {
    status == StatusCode::SEE_OTHER && *method != Method::HEAD
        || matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND) && *method == Method::POST
}

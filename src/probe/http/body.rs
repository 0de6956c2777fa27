//! Reads a body: no more of it than can be looked at, unpacked where it comes packed.

use std::io::Read as _;

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use hyper::header::CONTENT_ENCODING;

use super::exchange::Answer;
use crate::probe::failure;
use crate::probe::place::Place;

/// The longest body that is looked at, in bytes, packed and unpacked.
const LIMIT: usize = 1024 * 1024;

const TOO_LONG: &str = "the body is longer than 1 MiB and was not read to its end";

/// A body.
#[derive(Debug)]
pub(super) struct Body {
    /// Its text, or the beginning of it.
    pub text: String,
    /// Why it cannot be looked at whole.
    pub unread: Option<String>,
}

/// A body that broke off.
#[derive(Debug)]
pub(super) struct Broken {
    pub so_far: String,
    pub why: String,
}

/// Reads a body to its end, or to where it is too long.
pub(super) async fn read(answer: &mut Answer, place: &Place) -> Result<Body, Broken> {
    let mut bytes = Vec::new();
    while bytes.len() <= LIMIT {
        match answer.piece().await {
            None => return Ok(unpacked(&bytes, answer.header(&CONTENT_ENCODING).as_deref())),
            Some(Ok(piece)) => bytes.extend_from_slice(&piece),
            Some(Err(error)) => {
                let so_far = String::from_utf8_lossy(&bytes).into_owned();
                return Err(Broken { so_far, why: failure::talking(place, "HTTP", &error) });
            }
        }
    }
    bytes.truncate(LIMIT);
    Ok(Body { text: text(&bytes), unread: Some(TOO_LONG.to_owned()) })
}

// Nobody asked for a packed body, but some servers send one all the same.
fn unpacked(bytes: &[u8], encoding: Option<&str>) -> Body {
    let plain = |bytes: &[u8]| Body { text: text(bytes), unread: None };
    // The answer to HEAD says how its body would be packed, and has none.
    if bytes.is_empty() {
        return plain(bytes);
    }
    let most = LIMIT as u64 + 1;
    let mut out = Vec::new();
    let read = match encoding.map(str::trim).map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "identity") => return plain(bytes),
        Some("gzip" | "x-gzip") => GzDecoder::new(bytes).take(most).read_to_end(&mut out),
        // Both are called deflate; the first byte of zlib tells them apart.
        Some("deflate") if bytes.first().is_some_and(|first| first & 0x0f == 8) => {
            ZlibDecoder::new(bytes).take(most).read_to_end(&mut out)
        }
        Some("deflate") => DeflateDecoder::new(bytes).take(most).read_to_end(&mut out),
        Some(other) => {
            let why = format!("the body is packed as {other}, which was not asked for and cannot be unpacked");
            return Body { text: String::new(), unread: Some(why) };
        }
    };
    if let Err(error) = read {
        return Body { text: text(&out), unread: Some(format!("the body cannot be unpacked: {error}")) };
    }
    if out.len() > LIMIT {
        out.truncate(LIMIT);
        return Body { text: text(&out), unread: Some("the body is longer than 1 MiB when it is unpacked".to_owned()) };
    }
    plain(&out)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

//! Reads what was seen from JSON, for conditions that are tried by themselves.

use chrono::DateTime;
use core::net::SocketAddr;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::seen::short;
use super::{Facts, Phases};
use crate::ground::Time;

/// The values of an object as they are written, in their order.
type Object<'a> = IndexMap<String, &'a RawValue>;

impl Facts {
    /// Reads an observation such as `{"status": 200, "body": {"ok": true}, "response_time_ms": 12}`, or the one that
    /// `probe run -o json` printed. A key that is missing or null was not seen; unknown keys do not matter. A body or
    /// output may be a text or any JSON, which keeps its exact spelling. `now` is when `certificate_expires_at` is
    /// looked at. The error says which key is wrong, and what belongs there.
    pub fn from_json(text: &str, now: Time) -> Result<Self, String> {
        let whole: &RawValue = serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}"))?;
        let seen = Observation { object: object(whole)?, within: "" };
        let phases = seen.phases()?;
        Ok(Self {
            status: seen.number("status")?,
            body: seen.content("body")?,
            headers: seen.headers()?,
            response_time_ms: seen.number("response_time_ms")?.or_else(|| phases.as_ref().map(response_time)),
            // A printed observation tells by its address that there was a connection.
            connected: match seen.get("connected", "true or false", plain)? {
                None => seen.text("address")?.map(|_| true),
                said => said,
            },
            ip: seen.text("ip")?.or(seen.text("address")?).map(without_port),
            dns_rcode: seen.text("dns_rcode")?,
            certificate_expiration_ms: match seen.number("certificate_expiration_ms")? {
                Some(millis) => Some(millis),
                None => seen.get("certificate_expires_at", "a time such as 2027-01-31T12:00:00Z", |raw| {
                    let end = DateTime::parse_from_rfc3339(&plain::<String>(raw)?).ok()?;
                    Some((end.to_utc() - now).num_milliseconds())
                })?,
            },
            domain_expiration_ms: seen.number("domain_expiration_ms")?,
            rows: seen.number("rows")?,
            tls_version: seen.text("tls_version")?,
            redirects: seen.number("redirects")?,
            phases,
            exit_code: seen.number("exit_code")?,
            stdout: seen.content("stdout")?.or(seen.content("output")?),
            error: seen.text("error")?,
        })
    }
}

/// The observation; of a list, its only one.
fn object(whole: &RawValue) -> Result<Object<'_>, String> {
    if let Some(all) = plain::<Vec<&RawValue>>(whole) {
        return match all.as_slice() {
            [one] if one.get().starts_with('{') => object(one),
            [_] => Err("this is a list without an observation such as {\"status\": 200}".to_owned()),
            _ => Err(format!("this is a list of {} observations; leave one of them", all.len())),
        };
    }
    let found = || format!("an observation is an object such as {{\"status\": 200}}, not {}", short(whole.get()));
    plain(whole).ok_or_else(found)
}

/// From the beginning to the first byte of the answer, in milliseconds.
fn response_time(phases: &Phases) -> u64 {
    let parts = [phases.dns, phases.connect, phases.tls, phases.first_byte];
    parts.into_iter().fold(0, u64::saturating_add) / 1000
}

fn without_port(address: String) -> String {
    address.parse::<SocketAddr>().map_or(address, |address| address.ip().to_string())
}

struct Observation<'a> {
    object: Object<'a>,
    /// What stands before its keys when they are named.
    within: &'static str,
}

impl<'a> Observation<'a> {
    /// The value of a key; `expected` says what belongs there.
    fn get<T>(&self, key: &str, expected: &str, read: impl Fn(&'a RawValue) -> Option<T>) -> Result<Option<T>, String> {
        let Some(raw) = self.object.get(key).filter(|raw| raw.get() != "null") else { return Ok(None) };
        let wrong = || format!("`{}{key}` must be {expected}, not {}", self.within, short(raw.get()));
        read(raw).ok_or_else(wrong).map(Some)
    }

    fn text(&self, key: &str) -> Result<Option<String>, String> {
        self.get(key, "a text", plain)
    }

    fn number<T: Whole>(&self, key: &str) -> Result<Option<T>, String> {
        self.get(key, T::EXPECTED, plain)
    }

    /// A text, or any JSON as it is written.
    fn content(&self, key: &str) -> Result<Option<String>, String> {
        self.get(key, "a text or any JSON", |raw| {
            if raw.get().starts_with('"') { plain(raw) } else { Some(raw.get().to_owned()) }
        })
    }

    /// Every value of every header.
    fn headers(&self) -> Result<Option<Vec<(String, String)>>, String> {
        let Some(object) = self.get("headers", "an object with a text for each name", plain)? else { return Ok(None) };
        let headers = Observation { object, within: "headers." };
        let mut all = Vec::new();
        for name in headers.object.keys() {
            let several = |raw| plain(raw).or_else(|| plain(raw).map(|one| vec![one]));
            let values: Option<Vec<String>> = headers.get(name, "a text or a list of texts", several)?;
            all.extend(values.into_iter().flatten().map(|value| (name.clone(), value)));
        }
        Ok(Some(all))
    }

    fn phases(&self) -> Result<Option<Phases>, String> {
        let Some(object) = self.get("phases_us", "an object with microseconds for each phase", plain)? else {
            return Ok(None);
        };
        let phases = Observation { object, within: "phases_us." };
        let micros = |key| phases.number(key).map(Option::unwrap_or_default);
        Ok(Some(Phases {
            dns: micros("dns")?,
            connect: micros("connect")?,
            tls: micros("tls")?,
            first_byte: micros("first_byte")?,
            transfer: micros("transfer")?,
            total: micros("total")?,
        }))
    }
}

/// A value that is exactly of this type.
fn plain<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// A whole number of some size, and how that is said.
trait Whole: for<'a> Deserialize<'a> {
    const EXPECTED: &'static str;
}

impl Whole for u16 {
    const EXPECTED: &'static str = "a whole number from 0 to 65535";
}

impl Whole for u32 {
    const EXPECTED: &'static str = "a whole number from 0";
}

impl Whole for u64 {
    const EXPECTED: &'static str = "a whole number from 0";
}

impl Whole for i32 {
    const EXPECTED: &'static str = "a whole number";
}

impl Whole for i64 {
    const EXPECTED: &'static str = "a whole number";
}

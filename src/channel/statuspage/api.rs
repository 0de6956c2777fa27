//! The API of Statuspage, a request a second.

use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::body::OURS;
use crate::catalog::model::Statuspage;
use crate::channel::letter::visible;
use crate::channel::request::{Towards, ask, beginning};
use crate::channel::{Courier, NotDelivered};
use crate::expand::Filler;
use crate::redact::Redactor;

/// How much of an answer is read: a hundred incidents with all their updates.
const READ: usize = 16 * 1024 * 1024;

/// One page.
pub(super) struct Api<'a> {
    courier: &'a Courier<'a>,
    base: Url,
    place: String,
    page: String,
    key: HeaderValue,
    redactor: Redactor,
    turn: Arc<Mutex<()>>,
}

impl<'a> Api<'a> {
    /// The page's API, with its variables filled in.
    pub fn new(page: &Statuspage, courier: &'a Courier<'_>) -> Result<Self, NotDelivered> {
        let mut fill = Filler::new(courier.vars);
        let (id, key, url) = (fill.plain(&page.page), fill.key(&page.key), fill.plain(&page.url));
        if !fill.unset.is_empty() {
            return Err(NotDelivered::unset(&fill.unset));
        }
        let base = Url::parse(url.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let base = base.ok_or_else(|| {
            NotDelivered::finally("the `url` of the status page is no http or https URL; leave it out for Atlassian's")
        })?;
        let mut redactor = courier.redactor.clone();
        fill.hidden.into_iter().for_each(|value| redactor.add(value));
        redactor.add(key.clone());
        let mut header = HeaderValue::from_str(&format!("OAuth {key}"))
            .map_err(|_| NotDelivered::finally("the `key` of the status page cannot stand in a header"))?;
        header.set_sensitive(true);
        let place =
            format!("{}:{}", base.host_str().unwrap_or_default(), base.port_or_known_default().unwrap_or_default());
        let turn = courier.turn(&format!("{place}/{id}"));
        Ok(Self { courier, base, place, page: id, key: header, redactor, turn })
    }

    /// Where it is, as it may be shown.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The path of something on the page.
    pub fn path(&self, parts: &[&str]) -> String {
        self.url(parts).path().to_owned()
    }

    /// One of the page's incidents.
    pub async fn incident(&self, id: &str) -> Result<Value, NotDelivered> {
        certainly_not(self.call(Method::GET, self.url(&["incidents", id]), None).await)
    }

    /// The incident that was made for one of ours: among those that are open, then among the latest.
    pub async fn find(&self, ours: &str) -> Result<Option<Value>, NotDelivered> {
        let mut latest = self.url(&["incidents"]);
        latest.set_query(Some("limit=100"));
        for url in [self.url(&["incidents", "unresolved"]), latest] {
            let mut answer = certainly_not(self.call(Method::GET, url, None).await)?;
            let Some(all) = answer.as_array_mut() else {
                return Err(NotDelivered::for_now(format!(
                    "{} answered with something else than incidents",
                    self.place
                )));
            };
            let found = all.iter().position(|incident| incident["metadata"][OURS]["incident"] == ours);
            if let Some(found) = found {
                return Ok(Some(all.swap_remove(found)));
            }
        }
        Ok(None)
    }

    /// Writes something.
    pub async fn write(&self, method: &str, parts: &[&str], body: &Value) -> Result<Value, NotDelivered> {
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        // It is written, whatever can be read of the answer.
        self.call(method, self.url(parts), Some(body)).await
    }

    async fn call(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Value, NotDelivered> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let is_read = body.is_none();
        let mut request = self.courier.client()?.request(method, url).header(AUTHORIZATION, self.key.clone());
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(text(body));
        }
        let to = Towards { place: &self.place, redactor: &self.redactor };
        let answer = ask(request, &to, self.courier).await;
        // The next request waits its time, and this one does not.
        let pause = self.courier.patience.pause;
        tokio::spawn(async move {
            sleep(pause.0).await;
            drop(turn);
        });
        let (said, whole) = beginning(&mut answer?, READ).await;
        match serde_json::from_slice(&said) {
            Err(_) if is_read && !whole => {
                Err(NotDelivered::for_now(format!("the answer of {} broke off or is too long", self.place)))
            }
            Err(_) if is_read => Err(NotDelivered::for_now(format!("{} answered with no JSON", self.place))),
            read => Ok(read.unwrap_or_default()),
        }
    }

    fn url(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v1", "pages", &self.page]).extend(parts);
        }
        url
    }
}

/// JSON as it is sent.
pub(super) fn text(body: &Value) -> String {
    visible(&body.to_string())
}

/// Reading tells nobody anything, however it ends.
fn certainly_not<T>(read: Result<T, NotDelivered>) -> Result<T, NotDelivered> {
    read.map_err(|failed| NotDelivered { uncertain: false, ..failed })
}

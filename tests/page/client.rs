//! An existing client of Statuspage, from npm, reads a page that the daemon serves.

use std::sync::Arc;

use axum::body::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use opsctl::listen::{Backend, Health, Listener, Refusal};
use opsctl::monitor::Beat;
use opsctl::view::page::files;
use serde_json::json;

use crate::{npm, sample};

/// Serves the files of a page as the daemon does.
struct Pages(Vec<(String, Vec<u8>)>);

impl Backend for Pages {
    fn metrics(&self) -> String {
        String::new()
    }

    fn health(&self) -> Health {
        Health { ok: true, json: json!({}) }
    }

    fn heartbeat<'a>(&'a self, _: &'a str, _: Beat, _: Option<String>) -> BoxFuture<'a, Result<(), Refusal>> {
        async { Ok(()) }.boxed()
    }

    fn page<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        let found = self.0.iter().find(|(one, _)| one == path).map(|(_, bytes)| Bytes::from(bytes.clone()));
        async move { Ok(found) }.boxed()
    }

    fn alerts(&self, _: String) -> BoxFuture<'_, Result<usize, Refusal>> {
        async { Ok(0) }.boxed()
    }
}

#[tokio::test]
async fn it_reads_all_of_it() {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Some("s3cret".to_owned())).await.unwrap();
    let host = format!("http://{}", listener.address());
    let serving = listener.serve(Arc::new(Pages(files(&sample::busy()))), std::future::pending());
    let serving = tokio::spawn(serving);
    for address in [format!("{host}/status"), host] {
        let asked = tokio::task::spawn_blocking(move || npm::run("client.cjs", &[&address]));
        let Some(told) = asked.await.unwrap() else { return };
        assert_eq!(told["status"]["status"], json!({"indicator": "major", "description": "Partial System Outage"}));
        assert_eq!(told["summary"]["page"]["name"], "Lighthouse");
        assert_eq!(told["summary"]["incidents"][0]["incident_updates"][1]["status"], "investigating");
        assert_eq!(told["components"]["components"][2]["status"], "under_maintenance");
        assert_eq!(told["incidents"]["incidents"].as_array().unwrap().len(), 2);
        assert_eq!(told["unresolved"]["incidents"][0]["name"], "Some orders cannot be placed");
        assert_eq!(told["upcoming"]["scheduled_maintenances"][0]["status"], "scheduled");
    }
    serving.abort();
}

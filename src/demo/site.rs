//! What the demo answers over HTTP: the page of `web`, and the endpoints of `api`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use serde::Serialize;
use serde_json::json;
use tokio::time::sleep;

use super::app::{App, Health, NO_DATABASE, Refusal};
use crate::template;

const PAGE: &str = include_str!("page.html");

/// The page.
pub fn web(app: &Arc<App>) -> Router {
    late(app, Router::new().route("/", get(page)))
}

/// The API.
pub fn api(app: &Arc<App>) -> Router {
    late(app, Router::new().route("/health", get(health)).route("/orders", get(orders)).route("/pool", get(pool)))
}

/// An answer in JSON.
pub fn json_answer(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_string(body) {
        Ok(text) => (status, [(header::CONTENT_TYPE, "application/json")], text + "\n").into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn late(app: &Arc<App>, router: Router<Arc<App>>) -> Router {
    router.route_layer(from_fn_with_state(Arc::clone(app), wait)).with_state(Arc::clone(app))
}

async fn wait(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    sleep(app.lag()).await;
    next.run(request).await
}

async fn page(State(app): State<Arc<App>>) -> Response {
    let health = app.health();
    match template::render(PAGE, &page_context(&health)) {
        Ok(text) => (status(&health), Html(text)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

fn page_context(health: &Health) -> serde_json::Value {
    let headline = match health.status {
        "ok" => "Open for orders",
        "degraded" => "Open, but not well",
        _ => NO_DATABASE,
    };
    json!({
        "status": health.status,
        "headline": headline,
        "database": health.database,
        "used": health.pool.used,
        "max": health.pool.max,
        "percent": format!("{:.0}", health.error_rate * 100.0),
        "latency": health.latency_ms,
    })
}

async fn health(State(app): State<Arc<App>>) -> Response {
    let health = app.health();
    json_answer(status(&health), &health)
}

fn status(health: &Health) -> StatusCode {
    if health.serves() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn orders(State(app): State<Arc<App>>) -> Response {
    match app.order() {
        Ok(()) => json_answer(StatusCode::OK, &json!({ "orders": [{ "id": 1001, "item": "Coffee", "quantity": 2 }] })),
        Err(Refusal::Database) => json_answer(StatusCode::SERVICE_UNAVAILABLE, &json!({ "error": NO_DATABASE })),
        Err(Refusal::Error) => {
            json_answer(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": "The order could not be read" }))
        }
    }
}

async fn pool(State(app): State<Arc<App>>) -> Response {
    json_answer(StatusCode::OK, &app.pool())
}

#[cfg(test)]
mod tests {
    use super::{PAGE, page_context};
    use crate::demo::Fault;
    use crate::demo::app::App;
    use crate::template;

    #[test]
    fn the_page_says_how_the_shop_stands() {
        let app = App::default();
        let page = || template::render(PAGE, &page_context(&app.health())).unwrap();
        assert!(page().contains("Open for orders"));
        app.break_on_purpose(Fault::Errors);
        assert!(page().contains("failing orders: 30 %"));
        app.break_on_purpose(Fault::Database);
        assert!(page().contains("Database connection failed") && page().contains("connections: 20 of 20"));
    }
}

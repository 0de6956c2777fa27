//! How the demo is broken, healed and stopped while it serves: an endpoint that asks for the token of its record, so
//! that a stray request breaks nothing.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tokio::sync::watch;

use super::Fault;
use super::app::App;
use super::site::json_answer;

/// What the endpoint needs.
#[derive(Clone)]
pub struct Control {
    /// The application it breaks and heals.
    pub app: Arc<App>,
    /// What it asks for.
    pub token: Arc<str>,
    /// Set once, when the demo is to end.
    pub stop: watch::Sender<bool>,
}

/// The endpoint; every answer is the demo's standing.
pub fn router(control: Control) -> Router {
    Router::new()
        .route("/demo", get(standing))
        .route("/demo/break/{fault}", post(break_one))
        .route("/demo/heal", post(heal_all))
        .route("/demo/heal/{fault}", post(heal_one))
        .route("/demo/stop", post(stop))
        .route_layer(from_fn_with_state(control.clone(), check_token))
        .with_state(control)
}

async fn check_token(State(control): State<Control>, request: Request, next: Next) -> Response {
    let said = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if said.and_then(|said| said.strip_prefix("Bearer ")) == Some(&*control.token) {
        return next.run(request).await;
    }
    (StatusCode::UNAUTHORIZED, "the token is missing or wrong; `opsctl demo` sends the right one\n").into_response()
}

async fn standing(State(control): State<Control>) -> Response {
    json_answer(StatusCode::OK, &control.app.standing())
}

async fn break_one(State(control): State<Control>, Path(word): Path<String>) -> Response {
    change(&control, &word, App::break_on_purpose)
}

async fn heal_one(State(control): State<Control>, Path(word): Path<String>) -> Response {
    change(&control, &word, App::heal)
}

async fn heal_all(State(control): State<Control>) -> Response {
    control.app.heal_all();
    json_answer(StatusCode::OK, &control.app.standing())
}

async fn stop(State(control): State<Control>) -> Response {
    control.stop.send_replace(true);
    json_answer(StatusCode::OK, &control.app.standing())
}

fn change(control: &Control, word: &str, change: fn(&App, Fault)) -> Response {
    match word.parse() {
        Ok(fault) => {
            change(&control.app, fault);
            json_answer(StatusCode::OK, &control.app.standing())
        }
        Err(why) => (StatusCode::NOT_FOUND, format!("{why}\n")).into_response(),
    }
}

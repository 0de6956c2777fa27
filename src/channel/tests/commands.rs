//! Commands: what they find, and what their ends mean.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{assert_failed, assert_uncertain, channel, courier, deliver, message, shell, vars};
use crate::catalog::model::{Command, Delivery};
use crate::channel::Message;

#[tokio::test]
async fn a_command_gets_the_message_in_its_environment() {
    let dir = TempDir::new().unwrap();
    let receipt = deliver(shell("printf %s \"$OPSCTL_MESSAGE\" > got"), &[], dir.path()).await.unwrap();
    assert_eq!(receipt.to_string(), "the command ended with exit code 0");
    let got: Value = serde_json::from_str(&fs::read_to_string(dir.path().join("got")).unwrap()).unwrap();
    assert_eq!((&got["id"], &got["text"]), (&json!("alert-1-fired"), &json!("api is down\nsince 03:00")));
    let argv = ["touch", "${NAME}"].map(str::to_owned).into();
    deliver(Delivery::Command(Command::Argv(argv)), &[("NAME", "touched")], dir.path()).await.unwrap();
    assert!(dir.path().join("touched").exists());
}

#[tokio::test]
async fn a_command_that_fails_is_tried_again() {
    let dir = TempDir::new().unwrap();
    let run = |script: &str| deliver(shell(script), &[], dir.path());
    assert_failed(run("echo no pager hunter2secret >&2; exit 3").await, true, "exit code 3: no pager •••");
    assert_failed(run("exit 1").await, true, "the command ended with exit code 1");
    assert_uncertain(run("kill -9 $$").await, "ended by signal 9");
    let argv = |argv: &[&str]| Delivery::Command(Command::Argv(argv.iter().map(|item| (*item).to_owned()).collect()));
    assert_failed(deliver(argv(&["no-such-pager-here"]), &[], dir.path()).await, true, "was not found");
    assert_failed(deliver(argv(&["page", "${WHOM}"]), &[], dir.path()).await, false, "variable WHOM is not set");
}

#[tokio::test]
async fn a_message_too_long_for_a_variable_is_refused_with_the_reason() {
    let long = Message { text: "x".repeat(130 * 1024), ..message() };
    let vars = vars(&[]);
    let outcome = courier(&vars, Path::new("/")).deliver(&channel(shell("true")), &long).await;
    assert_failed(outcome, false, "a command is given 122880 at most");
}

//! Files: a line a message, and each message once.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{assert_failed, channel, courier, deliver, message, vars};
use crate::catalog::model::Delivery;
use crate::channel::{Message, Receipt};
use crate::ground::rfc3339;

fn lines(path: &Path) -> Vec<Result<Value, String>> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).map_err(|_| line.to_owned())).collect()
}

#[tokio::test]
async fn a_file_gets_a_line_a_message_and_no_secret() {
    let dir = TempDir::new().unwrap();
    let file = || Delivery::File("alerts.jsonl".to_owned());
    let path = dir.path().join("alerts.jsonl");
    let receipt = deliver(file(), &[], dir.path()).await.unwrap();
    assert_eq!(receipt, Receipt::taken("written to alerts.jsonl"));
    let receipt = deliver(file(), &[], dir.path()).await.unwrap();
    assert_eq!(receipt, Receipt::taken("it stands in alerts.jsonl already"));
    let expected = json!({
        "id": "alert-1-fired",
        "kind": "alert_fired",
        "title": "api is down",
        "text": "api is down\nsince 03:00",
        "at": rfc3339(message().at),
        "data": {"alert": "api-down", "seen": "key •••"},
    });
    assert_eq!(lines(&path), [Ok(expected)]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_torn_line_spoils_no_other() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("alerts.jsonl");
    fs::write(&path, "{\"id\":\"torn").unwrap();
    deliver(Delivery::File("alerts.jsonl".to_owned()), &[], dir.path()).await.unwrap();
    let lines = lines(&path);
    assert_eq!(lines[0], Err("{\"id\":\"torn".to_owned()));
    assert_eq!(lines[1].as_ref().unwrap()["id"], "alert-1-fired");
}

#[tokio::test]
async fn lines_of_many_writers_do_not_mix() {
    let dir = TempDir::new().unwrap();
    let (vars, channel) = (vars(&[]), channel(Delivery::File("alerts.jsonl".to_owned())));
    let courier = courier(&vars, dir.path());
    let data = json!({"long": "x".repeat(100_000)});
    let messages: Vec<Message> =
        (0..20).map(|nth| Message { id: format!("m{nth}"), data: data.clone(), ..message() }).collect();
    let all = futures_util::future::join_all(messages.iter().map(|message| courier.deliver(&channel, message))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    let lines = lines(&dir.path().join("alerts.jsonl"));
    assert_eq!((lines.len(), lines.iter().filter(|line| line.is_ok()).count()), (20, 20));
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_explained() {
    let dir = TempDir::new().unwrap();
    let file = |path: &str| deliver(Delivery::File(path.to_owned()), &[], dir.path());
    let missing = dir.path().join("no/such");
    assert_failed(file("no/such/file").await, true, &format!("directory {} does not exist", missing.display()));
    assert_failed(file(".").await, true, "not a regular file");
    let pipe = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_failed(file("pipe").await, true, "pipe could not be written: it is not a regular file");
    assert_failed(file("/dev/full").await, true, "/dev/full could not be written");
}

#[tokio::test]
async fn a_file_is_kept_as_it_was_apart_from_its_new_line() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("shared.log");
    OpenOptions::new().create(true).append(true).open(&path).unwrap().write_all(b"before\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    deliver(Delivery::File(path.display().to_string()), &[], Path::new("/nowhere")).await.unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with("before\n{\"id\""));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
}

#[tokio::test]
async fn only_a_whole_line_counts_as_written() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("alerts.jsonl");
    let before = [
        "{\"id\":\"alert-1-fired\",\"kind\":\"al", // torn, and another line follows
        "{\"id\":\"alert-1-fired2\",\"kind\":\"alert_fired\"}",
        "{\"id\":\"other\",\"text\":\"{\\\"id\\\":\\\"alert-1-fired\\\",\"}",
        " {\"id\":\"alert-1-fired\",\"kind\":\"alert_fired\"}", // nobody's
    ];
    fs::write(&path, before.join("\n") + "\n").unwrap();
    let file = || Delivery::File("alerts.jsonl".to_owned());
    assert_eq!(deliver(file(), &[], dir.path()).await.unwrap(), Receipt::taken("written to alerts.jsonl"));
    let receipt = deliver(file(), &[], dir.path()).await.unwrap();
    assert_eq!(receipt, Receipt::taken("it stands in alerts.jsonl already"));
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), before.len() + 1);
}

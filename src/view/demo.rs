//! The demo: where it listens, what is broken, what to try.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::catalog::model::Command;
use crate::demo::{Fault, Pool, Running};
use crate::engine::command::display;
use crate::ground::rfc3339;
use crate::view::look::{Look, Style, paint};
use crate::view::run::short_time;
use crate::view::wrap::hanging;

/// A demo for programs. Where none runs, everything but `running` is null or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct DemoView {
    /// Whether it runs.
    pub running: bool,
    /// Its process.
    pub pid: Option<u32>,
    /// The address of its page.
    pub web: Option<String>,
    /// The address of its API, without a path.
    pub api: Option<String>,
    /// The address of its database: `127.0.0.1:40123`.
    pub database: Option<String>,
    /// What is broken.
    pub faults: Vec<Fault>,
    /// The application's connections to the database.
    pub pool: Option<Pool>,
    /// When it was started.
    pub started_at: Option<String>,
    /// When it ends by itself.
    pub ends_at: Option<String>,
}

/// What the demo's database answers, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AnswerView {
    /// The line.
    pub answer: String,
}

/// A running demo for programs.
pub fn demo_view(demo: &Running) -> DemoView {
    let Running { record, standing } = demo;
    DemoView {
        running: true,
        pid: record.pid,
        web: Some(record.web_url()),
        api: Some(record.api_url()),
        database: Some(record.addresses.database.to_string()),
        faults: standing.faults.clone(),
        pool: Some(standing.pool),
        started_at: Some(rfc3339(record.started_at)),
        ends_at: Some(rfc3339(record.ends_at())),
    }
}

/// A running demo for people.
pub fn demo_text(look: Look, demo: &Running) -> String {
    let Running { record, standing } = demo;
    let pid = record.pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
    let ends = short_time(record.ends_at());
    let mut text = format!("{} · runs{pid} until {ends} UTC\n", paint(look, Style::Heading, "Demo"));
    let Pool { used, max } = standing.pool;
    for (name, value) in [
        ("web", record.web_url()),
        ("api", format!("{}/health  /orders  /pool", record.api_url())),
        ("database", record.addresses.database.to_string()),
        ("pool", format!("{used} of {max} connections are in use")),
    ] {
        let _ = writeln!(text, "  {name:<8}  {value}");
    }
    if standing.faults.is_empty() {
        let _ = writeln!(text, "  {:<8}  {}", "broken", paint(look, Style::Good, "nothing"));
    }
    for fault in &standing.faults {
        let _ = writeln!(text, "  {:<8}  {}", "broken", fault_text(look, *fault));
    }
    hanging(&text, look.width, 12)
}

fn fault_text(look: Look, fault: Fault) -> String {
    format!("{}: {}", paint(look, Style::Bad, fault.word()), fault.effect())
}

/// What to try first, a command a line. `program` is how opsctl is called, `dir` where to go before, if anywhere.
pub fn first_steps(look: Look, program: &str, dir: Option<&str>) -> String {
    let steps = [
        ("probe run", "all is well"),
        ("demo break database", "an outage; look at the page, too"),
        ("probe run", "what is red"),
        ("incident open", "say that there is one; it suggests a runbook"),
        ("runbook run db-connection", "its last step heals"),
        ("probe run", "green again"),
        ("incident resolve 1", "and all of it is in the journal"),
        ("demo stop", "when you have seen enough"),
    ];
    let width = steps.iter().map(|(words, _)| words.len()).max().unwrap_or(0);
    let mut text = String::from("Try, one after another:\n");
    if let Some(dir) = dir {
        let _ = writeln!(text, "  {}", paint(look, Style::Command, &typed(&["cd", dir])));
    }
    let program = typed(&[program]);
    for (words, why) in steps {
        let command = paint(look, Style::Command, &format!("{program} {words:<width$}"));
        let _ = writeln!(text, "  {command}  {}", paint(look, Style::Faint, why));
    }
    text
}

fn typed(words: &[&str]) -> String {
    display(&Command::Argv(words.iter().map(|word| (*word).to_owned()).collect()))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{demo_text, demo_view, first_steps};
    use crate::demo::{Addresses, Fault, Pool, Record, Running, Standing};
    use crate::view::look::Look;

    fn demo(faults: Vec<Fault>, used: u32) -> Running {
        let [web, api, database] = [4001, 4002, 4003].map(|port| ([127, 0, 0, 1], port).into());
        let addresses = Addresses { web, api, database };
        let record = Record { pid: Some(77), token: "secret".to_owned(), addresses, started_at: DateTime::UNIX_EPOCH };
        Running { record, standing: Standing { faults, pool: Pool { used, max: 20 } } }
    }

    #[test]
    fn a_demo_says_where_it_is_and_what_is_broken() {
        insta::assert_snapshot!(demo_text(Look::PLAIN, &demo(vec![], 3)), @r"
        Demo · runs (process 77) until 1970-01-01 12:00 UTC
          web       http://127.0.0.1:4001/
          api       http://127.0.0.1:4002/health  /orders  /pool
          database  127.0.0.1:4003
          pool      3 of 20 connections are in use
          broken    nothing
        ");
        insta::assert_snapshot!(demo_text(Look::PLAIN, &demo(vec![Fault::Database, Fault::Latency], 20)), @r"
        Demo · runs (process 77) until 1970-01-01 12:00 UTC
          web       http://127.0.0.1:4001/
          api       http://127.0.0.1:4002/health  /orders  /pool
          database  127.0.0.1:4003
          pool      20 of 20 connections are in use
          broken    database: the connection pool is exhausted, and the database turns
                      everybody away
          broken    latency: every answer is a second and a half late
        ");
    }

    #[test]
    fn programs_never_get_the_token() {
        let json = serde_json::to_string(&demo_view(&demo(vec![Fault::Errors], 3))).unwrap();
        assert!(!json.contains("secret"), "{json}");
        insta::assert_snapshot!(json, @r#"{"running":true,"pid":77,"web":"http://127.0.0.1:4001/","api":"http://127.0.0.1:4002","database":"127.0.0.1:4003","faults":["errors"],"pool":{"used":3,"max":20},"started_at":"1970-01-01T00:00:00.000Z","ends_at":"1970-01-01T12:00:00.000Z"}"#);
    }

    #[test]
    fn the_first_steps_can_be_copied() {
        insta::assert_snapshot!(first_steps(Look::PLAIN, "opsctl", Some("opsctl-demo")), @r"
        Try, one after another:
          cd opsctl-demo
          opsctl probe run                  all is well
          opsctl demo break database        an outage; look at the page, too
          opsctl probe run                  what is red
          opsctl incident open              say that there is one; it suggests a runbook
          opsctl runbook run db-connection  its last step heals
          opsctl probe run                  green again
          opsctl incident resolve 1         and all of it is in the journal
          opsctl demo stop                  when you have seen enough
        ");
        assert!(first_steps(Look::PLAIN, "/my tools/opsctl", None).contains("\n  '/my tools/opsctl' probe run "));
    }
}

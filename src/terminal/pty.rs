//! Tests on a real (pseudo) terminal. The tests that are ignored are the other side: they are started by the first
//! ones, in a process of their own.

use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio, exit};
use std::time::Duration;

use expectrl::session::OsSession;
use expectrl::{Eof, Expect as _};
use rustix::termios::{LocalModes, tcgetattr};

use super::{ColourChoice, Question, RealTerminal, Terminal as _};

fn other_side(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--color=never", "--exact", "--ignored", &format!("terminal::pty::{test}")]);
    command.env("TERM", "xterm").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// A conversation with the other side, and all it has shown.
struct Talk {
    session: OsSession,
    shown: String,
}

impl Talk {
    fn with(test: &str) -> Self {
        let mut session = OsSession::spawn(other_side(test)).unwrap();
        session.set_expect_timeout(Some(Duration::from_mins(1)));
        Self { session, shown: String::new() }
    }

    fn expect(&mut self, text: &str) {
        match self.session.expect(text) {
            Ok(found) => self.shown += &String::from_utf8_lossy(found.as_bytes()),
            Err(error) => panic!("{error} while waiting for {text:?} after {:?}", self.shown),
        }
    }

    fn send(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
    }

    /// Everything shown to the end, which must be a good one.
    fn end(mut self) -> String {
        self.expect("test result: ok. 1 passed");
        let rest = self.session.expect(Eof).unwrap();
        self.shown + &String::from_utf8_lossy(rest.as_bytes())
    }
}

fn terminal() -> RealTerminal {
    RealTerminal::new(ColourChoice::Auto, false)
}

/// Whether Ctrl-C raises a signal and lines come whole, as they do outside of a question.
fn is_cooked() -> bool {
    let modes = tcgetattr(io::stdin().as_fd()).unwrap().local_modes;
    modes.contains(LocalModes::ICANON | LocalModes::ISIG)
}

#[test]
fn ctrl_c_at_a_pick_leaves_the_terminal_sane() {
    for keys in ["\u{3}", "\u{1b}[B\u{3}", "\u{4}"] {
        let mut talk = Talk::with("side_pick");
        talk.expect("third");
        talk.send(keys);
        talk.expect("\u{1b}[?25h");
        talk.expect("picked Err(Interrupted), cooked true");
        let shown = talk.end();
        assert!(shown.rfind("\u{1b}[?25h") > shown.rfind("\u{1b}[?25l"), "the cursor is hidden: {shown:?}");
    }
}

#[test]
fn a_pick_follows_the_arrows() {
    let mut talk = Talk::with("side_pick");
    talk.expect("third");
    talk.send("\u{1b}[B\u{1b}[B\u{1b}[A\r");
    talk.expect("picked Ok(1), cooked true");
    talk.end();
}

#[test]
#[ignore = "the other side"]
fn side_pick() {
    let mut terminal = terminal();
    let picked = terminal.pick("Which?", &["first", "second", "third"].map(str::to_owned), 0);
    terminal.print(&format!("picked {picked:?}, cooked {}\n", is_cooked()));
}

#[test]
fn a_line_can_be_typed_edited_and_left() {
    for (keys, answer) in [
        ("hello\r", "Ok(\"hello\")"),
        ("helo\u{1b}[Dl\r", "Ok(\"hello\")"),
        ("x\u{15}caf\u{e9}\u{7f}\u{e9}\r", "Ok(\"café\")"),
        ("hel\u{3}", "Err(Interrupted)"),
        ("\u{4}", "Err(Interrupted)"),
    ] {
        let mut talk = Talk::with("side_ask");
        talk.expect("Who?");
        talk.send(keys);
        talk.expect(&format!("answer {answer}, cooked true"));
        talk.end();
    }
}

#[test]
#[ignore = "the other side"]
fn side_ask() {
    let mut terminal = terminal();
    let answer = terminal.ask(&Question::new("Who?"));
    terminal.print(&format!("answer {answer:?}, cooked {}\n", is_cooked()));
}

#[test]
fn a_secret_is_not_echoed() {
    let mut talk = Talk::with("side_secret");
    talk.expect("Token");
    talk.send("hunter2\r");
    talk.expect("got 7 characters, cooked true");
    let shown = talk.end();
    assert!(!shown.contains("hunter"), "{shown:?}");
}

#[test]
#[ignore = "the other side"]
fn side_secret() {
    let mut terminal = terminal();
    let secret = terminal.ask_secret("Token").unwrap();
    terminal.print(&format!("got {} characters, cooked {}\n", secret.len(), is_cooked()));
}

#[test]
fn a_handled_signal_does_not_answer_a_question() {
    let mut talk = Talk::with("side_signal");
    talk.expect("Who?");
    let pid = talk.session.get_process().pid().to_string();
    assert!(Command::new("kill").args(["-WINCH", &pid]).status().unwrap().success());
    talk.send("me\r");
    talk.expect("answer Ok(\"me\")");
    talk.end();
}

#[test]
#[ignore = "the other side"]
fn side_signal() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _guard = runtime.enter();
    let _handler = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::window_change()).unwrap();
    let mut terminal = terminal();
    let answer = terminal.ask(&Question::new("Who?"));
    terminal.print(&format!("answer {answer:?}\n"));
}

#[test]
fn a_panic_in_a_question_gives_the_terminal_back() {
    let mut talk = Talk::with("side_panic");
    talk.expect("Who?");
    talk.send("me\r");
    talk.expect("panicked true, cooked true");
    talk.end();
}

#[test]
#[ignore = "the other side"]
fn side_panic() {
    let mut terminal = terminal();
    let check = |_: &str| -> Result<(), String> { panic!("on purpose") };
    let ask = || terminal.ask(&Question::new("Who?").check(&check));
    let panicked = catch_unwind(AssertUnwindSafe(ask)).is_err();
    terminal.print(&format!("panicked {panicked}, cooked {}\n", is_cooked()));
}

#[test]
fn output_stands_above_the_status_line_and_early_keys_are_forgotten() {
    let mut talk = Talk::with("side_live");
    talk.expect("psql");
    talk.expect("an unfinished");
    talk.send("early\n");
    talk.expect("an unfinished line");
    talk.expect("Go on?");
    talk.send("n");
    talk.expect("went on: Ok(false)");
    talk.end();
}

#[test]
#[ignore = "the other side"]
fn side_live() {
    let mut terminal = terminal();
    terminal.begin_live("psql");
    terminal.live("a line\nan unfinished");
    // Typed while the command runs; the terminal has it when a whole line can be read.
    let ready = |stdin: &io::Stdin| rustix::io::ioctl_fionread(stdin.as_fd()).unwrap() > 0;
    while !ready(&io::stdin()) {
        std::thread::sleep(Duration::from_millis(10));
    }
    terminal.live(" line\nlast");
    terminal.end_live();
    let went_on = terminal.confirm("Go on?", true);
    terminal.print(&format!("went on: {went_on:?}\n"));
}

#[test]
fn command_output_on_a_pipe_is_plain_and_ends_its_last_line() {
    let output = other_side("side_pipe").stdin(Stdio::null()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "a line\nlast\nafter\n");
}

#[test]
#[ignore = "the other side"]
fn side_pipe() {
    let mut terminal = terminal();
    terminal.begin_live("psql");
    terminal.live("a line\n");
    terminal.live("last");
    terminal.end_live();
    terminal.say("after\n");
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let output = other_side("side_ask").stdin(Stdio::null()).env_remove("TERM").output().unwrap();
    // Asking for the modes of a stdin that is no terminal fails, but only after the answer is known.
    assert!(!output.status.success());
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(!shown.contains("Who?"), "{shown}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let mut child = other_side("side_prints").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut some = [0; 4096];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "lost: None\n");
}

#[test]
#[ignore = "the other side"]
fn side_prints() {
    let mut terminal = terminal();
    for _ in 0..100 {
        terminal.print(&"a line of the result\n".repeat(1000));
    }
    terminal.say(&format!("lost: {:?}\n", terminal.lost_output()));
    exit(0);
}

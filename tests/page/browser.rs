//! Pages in a headless Chromium.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// What every browser of ours is started with.
pub const QUIET: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
];

/// What a browser made of a page.
pub struct Seen {
    /// The page as it is in the end.
    pub dom: String,
    /// What stands in the console.
    pub console: Vec<String>,
}

/// Opens a page.
#[track_caller]
pub fn open(page: &Path, options: &[&str]) -> Seen {
    let output = run(page, &[&["--dump-dom"], options].concat());
    let said = String::from_utf8_lossy(&output.1).into_owned();
    let console = said.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
    Seen { dom: String::from_utf8(output.0).unwrap(), console }
}

/// Takes a picture of a page.
#[track_caller]
pub fn picture(page: &Path, to: &Path, (width, height): (u32, u32), options: &[&str]) {
    let (shot, size) = (format!("--screenshot={}", to.display()), format!("--window-size={width},{height}"));
    run(page, &[&[shot.as_str(), size.as_str()], options].concat());
    assert!(fs::metadata(to).is_ok_and(|file| file.len() > 1000), "{} is no picture", to.display());
}

/// Prints a page.
#[track_caller]
pub fn print(page: &Path, to: &Path) {
    run(page, &["--no-pdf-header-footer", &format!("--print-to-pdf={}", to.display())]);
    assert!(fs::read(to).unwrap().starts_with(b"%PDF"), "{} is no PDF", to.display());
}

#[track_caller]
fn run(page: &Path, options: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let profile = tempfile::Builder::new().prefix("opsctl-browser-").tempdir().unwrap();
    let output = Command::new("timeout")
        .args(["60", "chromium"])
        .args(QUIET)
        .args(["--enable-logging=stderr", "--log-level=0"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(options)
        .arg(format!("file://{}", page.display()))
        .env("HOME", profile.path())
        .stdin(Stdio::null())
        .output()
        .expect("chromium, which scripts/test installs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.stdout, output.stderr)
}

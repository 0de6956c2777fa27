//! Programs from npm. Without them the tests that need them are skipped; `scripts/test` says so aloud.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What a script prints; none when its packages are not there.
#[track_caller]
#[allow(clippy::print_stderr, reason = "whoever runs this test alone is to know that it showed nothing")]
pub fn run(script: &str, args: &[&str]) -> Option<Value> {
    // Cargo's directory for tests lies in the one that scripts/test installs them beside.
    let modules = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("page-npm/node_modules");
    if !modules.join("statuspage.io").is_dir() {
        eprintln!("SKIPPED: {} is not there; scripts/test installs it", modules.display());
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/npm").join(script);
    let output = Command::new("timeout")
        .args(["120", "node"])
        .arg(script)
        .args(args)
        .env("NODE_PATH", modules)
        .env("NO_PROXY", "*")
        .output()
        .expect("node, which scripts/test installs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

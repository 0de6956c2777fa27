//! Pages for everybody: as axe sees them, light and dark, 320 pixels wide and more.

use serde_json::json;

use crate::{folder, hostile, npm, sample};

#[test]
fn axe_finds_nothing() {
    let mut addresses = Vec::new();
    let mut add = |name: &str, page, paths: &[&str]| {
        let dir = folder::looked_at(&format!("axe-{name}"));
        folder::write(&page, &dir);
        addresses.extend(paths.iter().map(|path| format!("file://{}", dir.join(path).display())));
    };
    let paths = ["index.html", "history.html", "incidents/INC-12.html", "maintenances/MNT-2.html"];
    add("busy", sample::busy(), &paths);
    add("calm", sample::calm(), &["index.html"]);
    add("bad", hostile::with(hostile::BAD[3]), &["index.html", "history.html"]);
    add("long", hostile::with(&"Wide".repeat(60)), &["index.html", "history.html"]);
    let args: Vec<&str> = ["/usr/bin/chromium"].into_iter().chain(addresses.iter().map(String::as_str)).collect();
    if let Some(wrong) = npm::run("axe.cjs", &args) {
        assert_eq!(wrong, json!([]), "{wrong:#}");
    }
}

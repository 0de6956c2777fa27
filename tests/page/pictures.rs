//! Pages in a browser.

use crate::{folder, sample};

#[test]
fn write_for_looking() {
    let dir = folder::looked_at("busy");
    folder::write(&sample::busy(), &dir);
    let dir = folder::looked_at("calm");
    folder::write(&sample::calm(), &dir);
}

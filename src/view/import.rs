//! What an import left out.

use crate::import::LeftOut;
use crate::view::look::Look;

/// placeholder until merged
pub fn left_out_text(_look: Look, _left_out: &[LeftOut]) -> String {
    String::new()
}

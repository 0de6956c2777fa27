//! What a verification finds.
/// One thing that is wrong.
#[derive(Debug)]
pub struct Finding {}
/// The result.
#[derive(Debug)]
pub struct Verification {}

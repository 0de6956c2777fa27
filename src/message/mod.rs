//! Messages: a template being filled in, and what becomes of a message on its way to its channels.

mod backoff;
mod draft;
pub mod event;
mod outbox;

pub use backoff::backoff;
pub use draft::{Draft, draft};
pub use event::{Addressee, Drafted, MessageEvent, Target, Tell};
pub use outbox::{Leg, LegState, Mail, MailState, Outbox};

//! Who may tell customers: the commander, or somebody who takes it on himself.

use crate::incident::{Incident, Role};
use crate::message::Mail;

/// Whether somebody may have a message sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consent {
    /// Yes, on these grounds.
    Given(&'static str),
    /// No: the commander has to, if there is one.
    Needed(Option<String>),
}

/// Whether `actor` may have a message sent; `said` when they take it on themselves.
pub fn consent(incident: Option<&Incident>, mail: &Mail, actor: &str, said: bool) -> Consent {
    let to_customers = mail.drafted.to.iter().any(crate::message::Addressee::is_customers);
    let commander = incident.and_then(|incident| incident.role(Role::Commander));
    match commander {
        _ if !to_customers => Consent::Given("not needed"),
        Some(commander) if commander == actor => Consent::Given("commander"),
        _ if said => Consent::Given("said so"),
        commander => Consent::Needed(commander.map(str::to_owned)),
    }
}

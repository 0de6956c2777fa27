//! Probes by TLS handshake.

use super::certificate::{Certificate, Chain};
use super::connect::connect;
use super::expand::Filler;
use super::place::Place;
use super::sight::{Failure, Sight};
use super::tls::Towards;
use super::{With, starttls};
use crate::catalog::model::StartTls;

/// The port when none is written.
const USUAL_PORT: u16 = 443;

/// Makes the handshake. The output lists the certificates that were shown, those of a refused chain, too.
pub(super) async fn look(
    address: &str,
    protocol: Option<StartTls>,
    fill: &mut Filler<'_>,
    with: &With<'_>,
    sight: &mut Sight,
) -> Result<(), Failure> {
    let address = fill.plain(address);
    if !fill.unset.is_empty() {
        return Ok(());
    }
    let place = Place::parse(&address, Some(USUAL_PORT))?;
    let mut stream = connect(&place, with.client, sight).await?;
    if let Some(protocol) = protocol {
        starttls::ask(protocol, &mut stream, &place, sight).await?;
    }
    let towards = Towards { client: with.client, dir: with.dir, alpn: &[], now: with.now };
    let made = with.trust.handshake(stream, &place, towards, sight).await;
    sight.output = sight.chain.as_ref().map(list).unwrap_or_default();
    made?;
    sight.answered();
    Ok(())
}

fn list(chain: &Chain) -> String {
    chain.certificates().iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(certificate: &Certificate) -> String {
    let Certificate { subject, issuer, until, names, .. } = certificate;
    let subject = if subject.is_empty() { "(no subject)" } else { subject };
    let names = if names.is_empty() { String::new() } else { format!("; for {}", names.join(", ")) };
    format!("{subject}; issued by {issuer}; until {}{names}", until.format("%Y-%m-%d %H:%M UTC"))
}

#[cfg(test)]
mod tests;

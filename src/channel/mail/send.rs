//! One mail to a mail server, and how far it came.

use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials as Login, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as From, Rcpt};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::time::timeout;

use super::compose::Mail;
use super::connect::connect;
use super::server::Server;
use crate::channel::excerpt::excerpt;
use crate::channel::{Courier, NotDelivered};
use crate::redact::Redactor;

/// How long it may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// Why a mail did not arrive.
pub(super) struct Miss {
    pub failed: NotDelivered,
    /// Whether the next recipient's would not arrive either.
    pub is_everyones: bool,
}

/// How far a conversation has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The mail is not on its way.
    Before,
    /// All of it may have arrived.
    Sent,
}

/// Sends a mail. Says who took it.
pub(super) async fn send(server: &Server, mail: &Mail, courier: &Courier<'_>) -> Result<String, Miss> {
    let mut redactor = courier.redactor.clone();
    server.hidden.iter().for_each(|value| redactor.add(value.clone()));
    let (limit, mut stage) = (courier.patience.mail, Stage::Before);
    let talk = talk(server, mail, courier, &mut stage);
    let Ok(done) = timeout(limit.0, talk).await else {
        let why = format!("{} did not answer within {limit}", server.place());
        let failed = if stage == Stage::Sent { NotDelivered::perhaps(why) } else { NotDelivered::for_now(why) };
        return Err(Miss { failed, is_everyones: true });
    };
    // What the other side says may repeat what it was told.
    let (mut connection, how) = done.map_err(|mut miss| {
        miss.failed.reason = redactor.text(&miss.failed.reason);
        miss
    })?;
    // The mail is taken, whoever forgets to say goodbye.
    let _ = timeout(GOODBYE, connection.quit()).await;
    Ok(redactor.text(&how))
}

/// An open conversation, and who took the mail.
type Taken = (AsyncSmtpConnection, String);

async fn talk(server: &Server, mail: &Mail, courier: &Courier<'_>, stage: &mut Stage) -> Result<Taken, Miss> {
    let everyones = |failed| Miss { failed, is_everyones: true };
    let place = server.place();
    let mut connection = connect(server, courier).await.map_err(everyones)?;
    log_in(&mut connection, server, &place).await.map_err(everyones)?;
    let from = connection.command(From::new(Some(mail.from.clone()), vec![])).await;
    done(from, 250, &place, &format!("takes no mail from {}", mail.from)).map_err(everyones)?;
    let recipients = |failed| Miss { failed, is_everyones: false };
    let to = connection.command(Rcpt::new(mail.to.clone(), vec![])).await;
    done(to, 250, &place, &format!("takes no mail for {}", mail.to)).map_err(recipients)?;
    let data = connection.command(Data).await;
    done(data, 354, &place, "does not take the mail").map_err(recipients)?;
    *stage = Stage::Sent;
    let taken = connection.message(&mail.bytes).await;
    let taken = taken.map_err(|error| lost(&place, &error)).map_err(recipients)?;
    // 2xx, and nothing else, says that the server will see to it.
    if taken.code().severity != Severity::PositiveCompletion {
        let why = format!("{place} answered {} where the mail should have been taken", taken.code());
        return Err(recipients(NotDelivered::perhaps(why)));
    }
    let said = taken.first_line().map(shown).filter(|line| !line.is_empty());
    let how = format!("{place} took it: {} {}", taken.code(), said.unwrap_or_default());
    Ok((connection, how.trim_end().to_owned()))
}

async fn log_in(connection: &mut AsyncSmtpConnection, server: &Server, place: &str) -> Result<(), NotDelivered> {
    let Some(known) = &server.credentials else { return Ok(()) };
    let ways = [Mechanism::Plain, Mechanism::Login];
    if connection.server_info().get_auth_mechanism(&ways).is_none() {
        return Err(NotDelivered::finally(format!(
            "{place} offers no way to log in that opsctl knows (PLAIN or LOGIN); leave user and password out where \
             none are needed"
        )));
    }
    let login = Login::new(known.username.clone(), known.password.clone());
    done(connection.auth(&ways, &login).await, 235, place, "does not let this user in").map(drop)
}

/// The answer, when it has this code.
fn done(answer: Result<Response, Error>, code: u16, place: &str, no: &str) -> Result<Response, NotDelivered> {
    match answer {
        Ok(answer) if answer.has_code(code) || code == 250 && answer.has_code(251) => Ok(answer),
        Ok(answer) => {
            Err(NotDelivered::for_now(format!("{place} answered {} where {code} was expected", answer.code())))
        }
        Err(error) => Err(unwelcome(place, no, &error)),
    }
}

/// What a server's no, or its silence, means before the mail was on its way.
pub(super) fn unwelcome(place: &str, no: &str, error: &Error) -> NotDelivered {
    match error.status() {
        Some(code) => {
            let reason = format!("{place} {no}: {code} {}", said(error));
            if error.is_permanent() { NotDelivered::finally(reason) } else { NotDelivered::for_now(reason) }
        }
        None => NotDelivered::for_now(format!("{place} {}", broken(error))),
    }
}

/// How a conversation broke off.
fn broken(error: &Error) -> String {
    let why = said(error);
    // Whatever else the client could not read was an answer, but none of SMTP.
    if error.is_response() && why != "incomplete response" {
        "answered with something that is not SMTP".to_owned()
    } else {
        format!("ended the conversation: {why}")
    }
}

/// What it means after that.
fn lost(place: &str, error: &Error) -> NotDelivered {
    match error.status() {
        Some(_) => unwelcome(place, "does not take the mail", error),
        None => NotDelivered::perhaps(format!("{place} got the mail, and then {}", broken(error))),
    }
}

fn said(error: &Error) -> String {
    let text = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    shown(&text)
}

fn shown(text: &str) -> String {
    excerpt(text.as_bytes(), true, &Redactor::default())
}

//! Probes of Redis: log in, choose the database, ask.
//!
//! What stands after a `?` in the address is for clients with more needs, and is left alone.

mod resp;

use serde_json::{Map, Value};
use url::Url;

use super::credentials::Credentials;
use super::expand::Filler;
use super::place::Place;
use super::sight::{Failure, Phase, Sight};
use super::wire::Wire;
use super::{With, failure, wire};
use crate::catalog::model::RedisAsk;
use crate::redact::HIDDEN;
use resp::{Reply, Talk};

/// The port of Redis.
const PORT: u16 = 6379;

/// Logs in and asks.
pub(super) async fn look(
    url: &str,
    ask: RedisAsk,
    fill: &mut Filler<'_>,
    with: &With<'_>,
    sight: &mut Sight,
) -> Result<(), Failure> {
    let url = fill.key(url);
    if !fill.unset.is_empty() {
        return Ok(());
    }
    let target = Target::parse(&url)?;
    fill.hide(target.password().unwrap_or_default());
    let stream = wire::open(&target.place, target.tls.then_some(&[]), with, sight).await?;
    let mut session = Session { talk: Talk::new(stream), place: &target.place };
    session.log_in(&target, sight).await?;
    let command = match ask {
        RedisAsk::Ping => "PING",
        RedisAsk::Info => "INFO",
    };
    session.say(&[command], sight).await?;
    sight.answered();
    sight.enter(Phase::Transfer, format!("the answer of {} to {command} did not end", target.place));
    let answer = session.hear(command).await?;
    let body = if ask == RedisAsk::Info { fields(&answer) } else { answer };
    sight.output.clone_from(&body);
    if ask == RedisAsk::Ping && body != "PONG" {
        return Err(format!("{} did not answer PING with PONG", target.place).into());
    }
    sight.facts.body = Some(body);
    Ok(())
}

/// An address, taken apart.
struct Target {
    place: Place,
    tls: bool,
    credentials: Option<Credentials>,
    database: Option<String>,
}

impl Target {
    // The address may hold a password, so no error shows any of it.
    fn parse(url: &str) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::from(format!("the address of Redis cannot be read: {why}"));
        let url = Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
        let tls = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return Err(wrong("it begins neither with redis:// nor with rediss://")),
        };
        let place = Place::of(&url, PORT).map_err(|why| wrong(&why))?;
        let database = Some(url.path().trim_matches('/')).filter(|path| !path.is_empty()).map(str::to_owned);
        if database.as_ref().is_some_and(|number| number.parse::<u32>().is_err()) {
            return Err(wrong("after the host stands no number of a database"));
        }
        Ok(Self { place, tls, credentials: Credentials::of(&url), database })
    }

    fn password(&self) -> Option<&str> {
        self.credentials.as_ref().map(|who| who.password.as_str()).filter(|password| !password.is_empty())
    }
}

/// A conversation with one server.
struct Session<'a> {
    talk: Talk<Box<dyn Wire>>,
    place: &'a Place,
}

impl Session<'_> {
    async fn log_in(&mut self, target: &Target, sight: &mut Sight) -> Result<(), Failure> {
        if let (Some(who), Some(password)) = (&target.credentials, target.password()) {
            let login: &[&str] = match who.username.as_str() {
                "" => &["AUTH", password],
                username => &["AUTH", username, password],
            };
            // Some servers repeat what they do not understand.
            let hide = |failure: Failure| Failure { message: failure.message.replace(password, HIDDEN), ..failure };
            self.say(login, sight).await?;
            self.hear("AUTH").await.map_err(hide)?;
        }
        if let Some(database) = &target.database {
            self.say(&["SELECT", database], sight).await?;
            self.hear("SELECT").await?;
        }
        Ok(())
    }

    /// Says a command and waits until its answer begins.
    async fn say(&mut self, words: &[&str], sight: &mut Sight) -> Result<(), Failure> {
        sight.enter(Phase::FirstByte, format!("{} did not answer {}", self.place, words[0]));
        self.talk.say(words).await.map_err(|error| self.broken(&error))?;
        self.talk.wait().await.map_err(|error| self.broken(&error))
    }

    async fn hear(&mut self, command: &str) -> Result<String, Failure> {
        match self.talk.hear().await.map_err(|error| self.broken(&error))? {
            Reply::Text(text) => Ok(text),
            Reply::Refusal(words) => {
                Err(format!("{} refused {command}: {}", self.place, failure::short(&words)).into())
            }
        }
    }

    fn broken(&self, error: &std::io::Error) -> Failure {
        failure::talking(self.place, "Redis", error).into()
    }
}

/// The fields of INFO as a JSON object.
fn fields(info: &str) -> String {
    let pairs = info.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'));
    let object: Map<String, Value> = pairs.map(|(key, value)| (key.to_owned(), Value::from(value))).collect();
    Value::Object(object).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Target, fields};

    #[test]
    fn addresses_are_taken_apart() {
        let read = |url: &str| {
            let target = Target::parse(url).map_err(|failure| failure.message)?;
            let user = target.credentials.as_ref().map(|who| who.username.clone());
            let database = target.database.clone();
            Ok::<_, String>((
                target.place.to_string(),
                target.tls,
                user,
                target.password().map(str::to_owned),
                database,
            ))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read("redis://cache.test"), Ok(("cache.test:6379".into(), false, None, None, None)));
        assert_eq!(
            read("rediss://app:p%40ss@[::1]:7000/3?protocol=3"),
            Ok(("[::1]:7000".into(), true, some("app"), some("p@ss"), some("3")))
        );
        assert_eq!(read("redis://:pw@h/"), Ok(("h:6379".into(), false, some(""), some("pw"), None)));
        for wrong in ["http://:secret@h", "secret", "redis://:secret@h/secret", "redis://", "redis://:secret@h:99999"] {
            let why = read(wrong).unwrap_err();
            assert!(why.starts_with("the address of Redis cannot be read: ") && !why.contains("secret"), "{why}");
        }
    }

    #[test]
    fn fields_become_an_object() {
        let info = "# Server\r\nredis_version:7.0.15\r\nexecutable:/a:b\r\n\r\n# Keyspace\r\ndb0:keys=1,expires=0\r\n";
        let expected = r#"{"redis_version":"7.0.15","executable":"/a:b","db0":"keys=1,expires=0"}"#;
        assert_eq!(fields(info), expected);
    }
}

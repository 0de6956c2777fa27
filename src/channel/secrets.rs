//! What of a channel's definition nobody may see.

use super::mail;
use crate::catalog::model::{Delivery, Webhook};
use crate::expand::Filler;

/// Remembers the keys of a channel in `fill`: addresses that whoever knows them can write to, passwords, keys.
pub fn secrets(delivery: &Delivery, fill: &mut Filler<'_>) {
    match delivery {
        Delivery::Webhook(Webhook { url, secret }) => {
            fill.address(url);
            if let Some(secret) = secret {
                key(secret, fill);
            }
        }
        Delivery::Slack(url) => slack(url, fill),
        Delivery::Email(email) => mail::keys(&email.server, fill),
        Delivery::Statuspage(page) => {
            key(&page.key, fill);
            fill.plain(&page.url);
        }
        Delivery::File(_) | Delivery::Page(_) | Delivery::Command(_) => {}
    }
}

fn key(written: &str, fill: &mut Filler<'_>) {
    let key = fill.key(written);
    fill.hide(&key);
}

// All of the path is a key, and its last part is what cannot be guessed. Its other words stand in many texts.
fn slack(written: &str, fill: &mut Filler<'_>) {
    let url = fill.address(written);
    fill.hide(&url);
    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
    if path.contains('/') {
        fill.hide(path);
        fill.hide(path.rsplit('/').next().unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::secrets;
    use crate::catalog::model::{Delivery, Webhook};
    use crate::channel::tests::{email, statuspage, vars};
    use crate::expand::Filler;
    use crate::redact::Redactor;

    #[test]
    fn no_key_of_a_channel_is_shown() {
        let vars = vars(&[
            ("SLACK_URL", "https://hooks.slack.test/services/T0001/B0002/slackkey"),
            ("SMTP_URL", "smtp://me:mail%20key@mail.test"),
            ("SMTP_USER", "help@acme.test"),
            ("SMTP_KEY", "other key"),
            ("HOOK_KEY", "hook key"),
            ("STATUSPAGE_KEY", "page-key"),
        ]);
        let webhook = Webhook { url: "https://h.test/x".to_owned(), secret: Some("${HOOK_KEY}".to_owned()) };
        let mut fill = Filler::new(&vars);
        for delivery in [
            Delivery::Slack("${SLACK_URL}".to_owned()),
            Delivery::Slack("https://hooks.slack.test/services/T0001/B0002/literalkey".to_owned()),
            Delivery::Email(crate::catalog::model::Email { server: "${SMTP_URL}".to_owned(), ..email("") }),
            Delivery::Email(crate::catalog::model::Email {
                server: "smtp://${SMTP_USER}:${SMTP_KEY}@mail.test".to_owned(),
                ..email("")
            }),
            Delivery::Webhook(webhook),
            Delivery::Statuspage(statuspage("https://api.test")),
        ] {
            secrets(&delivery, &mut fill);
        }
        let redactor = Redactor::new(fill.hidden);
        let text = "slackkey literalkey mail key other key mail%20key hook key page-key";
        assert_eq!(redactor.text(text), "••• ••• ••• ••• ••• ••• •••");
        let text = "services T0001 me help@acme.test mail.test hooks.slack.test";
        assert_eq!(redactor.text(text), text);
    }
}

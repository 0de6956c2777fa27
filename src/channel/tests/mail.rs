//! Mail through a real server, with TLS and a user.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use tempfile::TempDir;

use super::smtp::{PASSWORD, PASSWORD_IN_URL, Smtpd, USER, understood};
use super::{assert_failed, channel, courier, email, incident, message, vars};
use crate::catalog::model::{Delivery, Email, Recipients};
use crate::channel::{Courier, Message, Receipt, Recipient, placeholder};

/// A certificate for `localhost` and its key in files, and whoever trusts it.
fn certificate(dir: &Path) -> (std::path::PathBuf, std::path::PathBuf, Arc<RootCertStore>) {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (dir.join("server.pem"), dir.join("server.key"));
    fs::write(&certificate, issued.cert.pem()).unwrap();
    fs::write(&key, issued.signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(issued.cert.der().clone()).unwrap();
    (certificate, key, Arc::new(roots))
}

fn to(recipients: &[&str], server: &str) -> Email {
    let list = recipients.iter().map(|address| Recipient { address: (*address).to_owned(), fields: [].into() });
    Email { to: Recipients::List(list.collect()), ..email(server) }
}

async fn send(email: Email, message: &Message, courier: &Courier<'_>) -> Result<Receipt, crate::channel::NotDelivered> {
    courier.deliver(&channel(Delivery::Email(email)), message).await
}

#[tokio::test]
async fn a_mail_goes_through_starttls_and_a_login() {
    let dir = TempDir::new().unwrap();
    let (certificate, key, roots) = certificate(dir.path());
    let smtpd = Smtpd::starttls(&certificate, &key);
    let vars =
        vars(&[("PW", PASSWORD), ("WHOLE", &format!("smtp://{USER}:{PASSWORD_IN_URL}@localhost:{}", smtpd.port))]);
    let courier = courier(&vars, dir.path());
    courier.roots.set(roots).unwrap();
    let place = format!("localhost:{}", smtpd.port);
    let receipt = send(email(&format!("smtp://{USER}:${{PW}}@{place}")), &message(), &courier).await.unwrap();
    assert_eq!(receipt, Receipt::taken(format!("{place} took it for 1 recipient")));
    send(email("${WHOLE}"), &message(), &courier).await.unwrap();
    let mails = smtpd.mails(2);
    let mail = &mails[0];
    assert!(mail.tls && mail.user.as_deref() == Some(USER), "{mail:?}");
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("support@acme.test", &["ana@example.com".to_owned()][..]));
    assert_eq!(mails[0].text, mails[1].text, "a mail that is sent again is the same");
    let seen = understood(&mail.text);
    let headers = &seen["headers"];
    assert_eq!(headers["From"], "Acme Support <support@acme.test>");
    assert_eq!(headers["To"], "ana@example.com");
    assert_eq!(headers["Subject"], "api is down");
    assert_eq!(headers["Date"], "Mon, 23 Nov 2026 03:00:00 +0000");
    assert_eq!(
        (&headers["Auto-Submitted"], &headers["X-Opsctl-Message"]),
        (&"auto-generated".into(), &"alert-1-fired".into())
    );
    assert!(headers["Message-ID"].as_str().unwrap().ends_with("@acme.test>"), "{headers}");
    assert_eq!(seen["plain"], "api is down\nsince 03:00");
    assert!(seen["html"].as_str().unwrap().contains("api is down\nsince 03:00</div>"), "{seen}");
    assert_eq!(seen["kinds"], serde_json::json!(["multipart/alternative", "text/plain", "text/html"]));
    assert_eq!(seen["defects"], serde_json::json!([]));
}

#[tokio::test]
async fn tls_can_be_there_from_the_beginning() {
    let dir = TempDir::new().unwrap();
    let (certificate, key, roots) = certificate(dir.path());
    let smtpd = Smtpd::tls(&certificate, &key);
    let vars = vars(&[]);
    let courier = courier(&vars, dir.path());
    let place = format!("localhost:{}", smtpd.port);
    let server = format!("smtps://{USER}:{PASSWORD_IN_URL}@{place}");
    assert_failed(send(email(&server), &message(), &courier).await, true, "invalid peer certificate");
    let trusting = super::courier(&vars, dir.path());
    trusting.roots.set(roots).unwrap();
    send(email(&server), &message(), &trusting).await.unwrap();
    assert!(smtpd.mails(1)[0].tls);
}

#[tokio::test]
async fn a_wrong_password_is_final_and_not_shown() {
    let dir = TempDir::new().unwrap();
    let (certificate, key, roots) = certificate(dir.path());
    let smtpd = Smtpd::starttls(&certificate, &key);
    let vars = vars(&[("PW", "wrong-secret")]);
    let courier = courier(&vars, dir.path());
    courier.roots.set(roots).unwrap();
    let everybody = ["a@x.test", "b@x.test"];
    let place = format!("localhost:{}", smtpd.port);
    let outcome = send(to(&everybody, &format!("smtp://{USER}:${{PW}}@{place}")), &message(), &courier).await;
    assert_failed(outcome, false, &format!("{place} does not let this user in: 535"));
    let outcome = send(to(&everybody, &format!("smtp://{place}")), &message(), &courier).await;
    assert_failed(outcome, false, "takes no mail from support@acme.test: 530");
}

#[tokio::test]
async fn nothing_is_sent_without_tls_unless_that_is_said() {
    let smtpd = Smtpd::plain();
    let vars = vars(&[]);
    let courier = courier(&vars, Path::new("/"));
    let place = format!("127.0.0.1:{}", smtpd.port);
    let outcome = send(email(&format!("smtp://me:secret@{place}")), &message(), &courier).await;
    assert_failed(outcome, false, &format!("{place} offers no STARTTLS, and nothing is sent without TLS"));
    let outcome = send(email(&format!("smtp+plain://me:secret@{place}")), &message(), &courier).await;
    assert_failed(outcome, false, "offers no way to log in");
    send(email(&format!("smtp+plain://{place}")), &message(), &courier).await.unwrap();
    assert!(!smtpd.mails(1)[0].tls);
}

#[tokio::test]
async fn everybody_gets_a_mail_of_their_own() {
    let dir = TempDir::new().unwrap();
    let smtpd = Smtpd::plain();
    fs::write(
        dir.path().join("customers.csv"),
        "email,name\nana@x.test,Ana & <b>Co</b>\nbo@x.test,\"Bo\nBcc: eve@x.test\"\n",
    )
    .unwrap();
    let server = format!("smtp+plain://127.0.0.1:{}", smtpd.port);
    let customers = Email { to: Recipients::File("customers.csv".to_owned()), ..email(&server) };
    let message = Message {
        title: format!("Hello {}", placeholder("name")),
        text: format!("Dear {},\n\nwe write to {}.\n.\n", placeholder("name"), placeholder("email")),
        ..incident("monitoring", "m1")
    };
    let vars = vars(&[]);
    let courier = courier(&vars, dir.path());
    let receipt = send(customers.clone(), &message, &courier).await.unwrap();
    assert!(receipt.to_string().ends_with("took it for 2 recipients"), "{receipt}");
    let mails = smtpd.mails(2);
    assert_eq!([&mails[0].to, &mails[1].to], [&["ana@x.test"], &["bo@x.test"]]);
    let [ana, bo] = [&mails[0], &mails[1]].map(|mail| understood(&mail.text));
    assert_eq!(ana["headers"]["Subject"], "Hello Ana & <b>Co</b>");
    assert_eq!(ana["plain"], "Dear Ana & <b>Co</b>,\n\nwe write to ana@x.test.\n.\n");
    assert!(ana["html"].as_str().unwrap().contains("Dear Ana &amp; &lt;b&gt;Co&lt;/b&gt;,"), "{ana}");
    assert_eq!(bo["headers"]["Subject"], "Hello Bo Bcc: eve@x.test");
    assert_eq!(bo["headers"]["To"], "bo@x.test");
    assert!(!bo["plain"].as_str().unwrap().contains("ana@x.test"));
    assert_eq!(ana["headers"]["References"], ana["headers"]["In-Reply-To"]);
    assert_ne!(ana["headers"]["Message-ID"], bo["headers"]["Message-ID"]);
    // One of them only.
    let channel = channel(Delivery::Email(customers));
    let recipients = courier.recipients(&channel).unwrap();
    courier.deliver_to(&channel, &recipients[1], &message).await.unwrap();
    assert_eq!(smtpd.mails(3)[2].text, mails[1].text);
}

#[tokio::test]
async fn one_mistake_in_the_list_and_nobody_is_written_to() {
    let dir = TempDir::new().unwrap();
    let smtpd = Smtpd::plain();
    let server = format!("smtp+plain://127.0.0.1:{}", smtpd.port);
    let customers = || Email { to: Recipients::File("customers.csv".to_owned()), ..email(&server) };
    let vars = vars(&[]);
    let courier = courier(&vars, dir.path());
    let message = Message { text: placeholder("name"), ..message() };
    assert_failed(send(customers(), &message, &courier).await, false, "customers.csv: No such file");
    for (text, why) in [
        ("email,name\n", "no recipients"),
        ("email,name\na@x.test,A\nb@x.test,\n", "b@x.test has no `name`"),
        ("email\na@x.test\n", "a@x.test has no `name`"),
        ("email,name\na@x.test,A\nwrong,B\n", "customers.csv:3: `wrong` is no address"),
        ("email,name\na@x.test,A\nA@x.test,B\n", "customers.csv:3: A@x.test stands at customers.csv:2, too"),
    ] {
        fs::write(dir.path().join("customers.csv"), text).unwrap();
        assert_failed(send(customers(), &message, &courier).await, false, why);
    }
    let unset = to(&["a@x.test", "${ON_CALL}"], &server);
    assert_failed(send(unset, &message, &courier).await, false, "the environment variable ON_CALL is not set");
    smtpd.mails(0);
}

#[tokio::test]
async fn who_was_reached_is_not_written_to_again() {
    let smtpd = Smtpd::plain();
    let server = format!("smtp+plain://127.0.0.1:{}", smtpd.port);
    let vars = vars(&[]);
    let courier = courier(&vars, Path::new("/"));
    let everybody = to(&["ana@x.test", "later@x.test", "refuse@x.test", "bo@x.test"], &server);
    for _ in 0..2 {
        let outcome = send(everybody.clone(), &message(), &courier).await;
        assert_failed(outcome, true, "2 of 4 were reached; not later@x.test: 127.0.0.1:");
    }
    // Another channel does not know whom this one has reached.
    let other =
        crate::catalog::model::Channel { id: "other".into(), ..channel(Delivery::Email(to(&["bo@x.test"], &server))) };
    assert!(courier.deliver(&other, &message()).await.is_ok());
    assert_eq!(
        smtpd.mails(3).iter().map(|mail| mail.to[0].as_str()).collect::<Vec<_>>(),
        ["ana@x.test", "bo@x.test", "bo@x.test"]
    );
    for (address, again, why) in [
        ("later@x.test", true, "takes no mail for later@x.test: 451 4.7.1 come back in a minute"),
        ("refuse@x.test", false, "takes no mail for refuse@x.test: 550 5.1.1 no such user here"),
        ("spam@x.test", false, "does not take the mail: 554 5.7.1 this looks like spam"),
    ] {
        assert_failed(send(to(&[address], &server), &message(), &courier).await, again, why);
    }
}

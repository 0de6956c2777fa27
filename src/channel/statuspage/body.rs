//! A message as Statuspage wants to have it.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::catalog::model::Statuspage;
use crate::channel::letter::Letter;
use crate::channel::shorten::{MARK, shorten};
use crate::channel::{Message, NotDelivered, Thread};

/// The key of our ids in the metadata.
pub(in crate::channel) const OURS: &str = "opsctl";

/// An incident's name.
const NAME: usize = 255;

/// An update's text.
const BODY: usize = 25_000;

/// The states of maintenance; an incident has others.
const MAINTENANCE: [&str; 4] = ["scheduled", "in_progress", "verifying", "completed"];

/// The times of maintenance in a message's data, and what the page calls them.
const TIMES: [(&str, &str); 2] = [("starts_at", "scheduled_for"), ("ends_at", "scheduled_until")];

/// What there is to tell.
pub(super) struct Story<'a> {
    pub id: &'a str,
    pub thread: &'a Thread,
    message: &'a Message,
    page: &'a Statuspage,
}

impl<'a> Story<'a> {
    /// What a letter tells.
    pub fn of(page: &'a Statuspage, letter: &'a Letter) -> Result<Self, NotDelivered> {
        let message = &letter.message;
        let Some(thread) = &message.thread else {
            let why = "a status page takes incidents and maintenance, and this message belongs to neither: send it \
                       to another channel";
            return Err(NotDelivered::finally(why));
        };
        Ok(Self { id: &message.id, thread, message, page })
    }

    /// The text of an update. The page takes HTML there, and its mails may take Markdown.
    pub fn text(&self) -> String {
        shorten_escaped(&self.message.text)
    }

    /// The text of a post-mortem, which is Markdown: as it is, without HTML.
    pub fn postmortem(&self) -> String {
        let cost = |c| if c == '<' || c == '&' { 5 } else { 1 };
        let text = shorten(&self.message.text, BODY, MARK, cost);
        text.replace('&', "&amp;").replace('<', "&lt;")
    }

    /// A new incident.
    pub fn create(&self) -> Result<Value, NotDelivered> {
        let missing = TIMES.into_iter().find(|(ours, _)| !self.message.data[*ours].is_string());
        if self.is_maintenance()
            && let Some((time, _)) = missing
        {
            let why = format!("maintenance has a beginning and an end, and this message has no `{time}`");
            return Err(NotDelivered::finally(why));
        }
        Ok(json!({ "incident": self.fields() }))
    }

    /// News of an incident that is there.
    pub fn update(&self) -> Value {
        json!({ "incident": self.fields() })
    }

    fn is_maintenance(&self) -> bool {
        MAINTENANCE.contains(&self.thread.status.as_str())
    }

    fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        let name = Some(self.thread.name.trim()).filter(|name| !name.is_empty()).unwrap_or(&self.message.title);
        fields.insert("name".to_owned(), json!(shorten(name, NAME, "…", |_| 1)));
        // A post-mortem makes this state by itself.
        if self.thread.status != "postmortem" {
            fields.insert("status".to_owned(), json!(self.thread.status));
        }
        fields.insert("body".to_owned(), json!(self.text()));
        if self.is_maintenance() {
            for (ours, theirs) in TIMES {
                if let Some(time) = self.message.data[ours].as_str() {
                    fields.insert(theirs.to_owned(), json!(time));
                }
            }
        } else {
            fields.insert("impact_override".to_owned(), json!(self.thread.impact));
        }
        let components = self.components();
        if !components.is_empty() {
            fields.insert("component_ids".to_owned(), components.keys().cloned().collect());
            // Work that is still to come changes nothing about how they are now.
            if self.thread.status != "scheduled" {
                fields.insert("components".to_owned(), Value::Object(components));
            }
        }
        fields.insert("deliver_notifications".to_owned(), json!(true));
        let ours = json!({"incident": self.thread.incident, "message": self.id});
        fields.insert("metadata".to_owned(), json!({ OURS: ours }));
        fields
    }

    /// How the page's components are. A service that the page does not show is left out.
    fn components(&self) -> Map<String, Value> {
        let known = self.thread.components.iter();
        known.filter_map(|(service, how)| Some((self.page.components.get(service)?.clone(), json!(how)))).collect()
    }
}

fn shorten_escaped(text: &str) -> String {
    let cost = |c: char| if is_markup(c) { 5 } else { 1 };
    escape(&shorten(text, BODY, MARK, cost))
}

fn is_markup(c: char) -> bool {
    matches!(c, '&' | '<' | '>' | '*' | '_' | '[' | ']' | '`' | '#' | '~')
}

/// A text in which neither HTML nor Markdown finds anything. An underscore inside of a word means nothing to either.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let in_word = before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '_' if in_word => escaped.push(c),
            '#' if before != '\n' && !escaped.is_empty() => escaped.push(c),
            c if is_markup(c) => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
        before = c;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{BODY, Story, escape};
    use crate::channel::letter::Letter;
    use crate::channel::tests::{incident, statuspage};
    use crate::redact::Redactor;
    use serde_json::json;

    #[test]
    fn nothing_in_an_update_is_markup() {
        assert_eq!(escape("<b>&amp;</b> api_v2 #7"), "&lt;b&gt;&amp;amp;&lt;/b&gt; api_v2 #7");
        assert_eq!(
            escape("*a* _b_ [c](http://x) `d`\n# e\n~~f~~"),
            "&#42;a&#42; &#95;b&#95; &#91;c&#93;(http://x) &#96;d&#96;\n&#35; e\n&#126;&#126;f&#126;&#126;"
        );
    }

    #[test]
    fn what_is_too_long_is_cut_with_a_mark() {
        let mut message = incident("investigating", "m1");
        message.text = "<".repeat(10_000);
        message.thread.as_mut().unwrap().name = "n".repeat(300);
        let (letter, page) = (Letter::of(&message, &Redactor::default()), statuspage("http://x"));
        let fields = Story::of(&page, &letter).unwrap().update();
        let body = fields["incident"]["body"].as_str().unwrap();
        assert!(body.len() <= BODY && body.contains("too long for this channel"), "{}", body.len());
        assert_eq!(fields["incident"]["name"], format!("{}…", "n".repeat(254)));
    }

    #[test]
    fn an_incident_has_components_and_maintenance_has_times() {
        let (mut message, page) = (incident("investigating", "m1"), statuspage("http://x"));
        let letter = Letter::of(&message, &Redactor::default());
        let created = Story::of(&page, &letter).unwrap().create().unwrap();
        assert_eq!(
            created["incident"],
            json!({
                "name": "Checkout is slow",
                "status": "investigating",
                "body": "We are looking into it.",
                "impact_override": "major",
                "component_ids": ["c1"],
                "components": {"c1": "partial_outage"},
                "deliver_notifications": true,
                "metadata": {"opsctl": {"incident": "INC-7", "message": "m1"}},
            })
        );
        message.thread.as_mut().unwrap().status = "scheduled".to_owned();
        let letter = Letter::of(&message, &Redactor::default());
        let failed = Story::of(&page, &letter).unwrap().create().unwrap_err();
        assert!(failed.reason.contains("no `starts_at`") && !failed.again, "{failed:?}");
        message.data = json!({"starts_at": "2026-12-01T01:00:00Z", "ends_at": "2026-12-01T02:00:00Z"});
        let letter = Letter::of(&message, &Redactor::default());
        let created = Story::of(&page, &letter).unwrap().create().unwrap();
        assert_eq!(created["incident"]["scheduled_until"], "2026-12-01T02:00:00Z");
        assert!(created["incident"]["impact_override"].is_null());
        // It has not begun: the page links the components, and leaves them as they are.
        assert_eq!(created["incident"]["component_ids"], json!(["c1"]));
        assert!(created["incident"]["components"].is_null(), "{created}");
    }
}

//! Delivery to a page at Atlassian's Statuspage.
//!
//! Its API has no idempotency key. So every write leaves our ids in the incident's metadata, and before every write the
//! incident is read: what stands there already is not written again, and no incident is made twice.

mod api;
mod body;

use serde_json::{Value, json};

use super::letter::Letter;
use super::message::MessageKind;
use super::{Courier, NotDelivered, Preview, Receipt};
use crate::catalog::model::Statuspage;

use api::Api;
use body::Story;

pub(super) use body::OURS;

/// Brings the letter to the page.
pub(super) async fn post(page: &Statuspage, letter: &Letter, courier: &Courier<'_>) -> Result<Receipt, NotDelivered> {
    let story = Story::of(page, letter)?;
    let api = Api::new(page, courier)?;
    let known = match &story.thread.remote {
        Some(id) => Some(api.incident(id).await?),
        None => api.find(&story.thread.incident).await?,
    };
    if letter.message.kind == MessageKind::Postmortem {
        return learned(&api, &story, known.as_ref()).await;
    }
    match known {
        Some(found) if was_told(&found, &story) => Ok(already(&api, &found)),
        Some(found) => {
            let id = id_of(&found)?;
            let answer = api.write("PATCH", &["incidents", &id], &story.update()).await?;
            Ok(delivered(&api, "updated the incident", &answer, Some(id)))
        }
        None => {
            let answer = api.write("POST", &["incidents"], &story.create()?).await?;
            Ok(delivered(&api, "made the incident", &answer, None))
        }
    }
}

/// The post-mortem of an incident, published.
async fn learned(api: &Api<'_>, story: &Story<'_>, known: Option<&Value>) -> Result<Receipt, NotDelivered> {
    let Some(found) = known else {
        let incident = &story.thread.incident;
        let why = format!("{} has no incident for {incident}: a post-mortem belongs to one", api.place());
        return Err(NotDelivered::finally(why));
    };
    let (id, text) = (id_of(found)?, story.postmortem());
    let is_public = found["postmortem_published_at"].is_string();
    if is_public && found["postmortem_body"].as_str().is_some_and(|body| body.trim() == text.trim()) {
        return Ok(already(api, found));
    }
    // Doing either again changes nothing.
    let path = ["incidents", id.as_str(), "postmortem"];
    api.write("PUT", &path, &json!({"postmortem": {"body_draft": text}})).await?;
    let publish = json!({"postmortem": {"notify_subscribers": true}});
    let answer = api.write("PUT", &[path[0], path[1], path[2], "publish"], &publish).await?;
    Ok(delivered(api, "published the post-mortem", &answer, Some(id)))
}

/// What would be asked of the page.
pub(super) fn preview(page: &Statuspage, letter: &Letter, courier: &Courier<'_>) -> Result<Preview, NotDelivered> {
    let story = Story::of(page, letter)?;
    let api = Api::new(page, courier)?;
    let remote = story.thread.remote.as_deref();
    let (to, body) = if letter.message.kind == MessageKind::Postmortem {
        let body = json!({"postmortem": {"body_draft": story.postmortem()}});
        (format!("PUT {}", api.path(&["incidents", remote.unwrap_or("…"), "postmortem"])), body)
    } else if let Some(id) = remote {
        (format!("PATCH {}", api.path(&["incidents", id])), story.update())
    } else {
        (format!("POST {}", api.path(&["incidents"])), story.create()?)
    };
    Ok(Preview { kind: "statuspage", to, body: api::text(&body) })
}

fn was_told(found: &Value, story: &Story<'_>) -> bool {
    if let Some(message) = found["metadata"][OURS]["message"].as_str() {
        return message == story.id;
    }
    // Somebody else has overwritten it: then the words decide.
    let update = &found["incident_updates"][0];
    update["status"] == story.thread.status && update["body"] == story.text()
}

fn id_of(found: &Value) -> Result<String, NotDelivered> {
    let id = found["id"].as_str().filter(|id| !id.is_empty());
    id.map(str::to_owned).ok_or_else(|| NotDelivered::for_now("the status page's incident has no id"))
}

fn already(api: &Api<'_>, found: &Value) -> Receipt {
    let remote = found["id"].as_str().map(str::to_owned);
    Receipt::Delivered { how: format!("it is at {} already", api.place()), remote }
}

fn delivered(api: &Api<'_>, did: &str, answer: &Value, id: Option<String>) -> Receipt {
    let remote = id.or_else(|| answer["id"].as_str().map(str::to_owned));
    Receipt::Delivered { how: format!("{} {did}", api.place()), remote }
}

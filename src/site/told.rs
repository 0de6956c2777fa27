//! What the public was told of incidents and planned work: by approved messages to channels that the public reads, and by
//! nothing else.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::catalog::model::Settings;
use crate::ground::Time;
use crate::incident::{Incident, Status as IncidentStatus};
use crate::maintenance::{Maintenance, Status as WorkStatus};
use crate::message::{LegState, Mail, Tell};
use crate::post::{impact, title};
use crate::view::page::{Impact, PageIncident, PageMaintenance, PageUpdate, Status};

/// The incidents of which the public was told, the newest first.
pub(super) fn incidents(all: &[Incident], settings: &Settings) -> Vec<PageIncident> {
    let by_id: BTreeMap<&str, &Incident> = all.iter().map(|incident| (incident.id.as_str(), incident)).collect();
    let told = all.iter().rev();
    let mut pages: Vec<PageIncident> =
        told.filter_map(|incident| page(incident, over_at(incident, &by_id), settings)).collect();
    pages.sort_by_key(|page| Reverse(page.created_at));
    pages
}

fn page(incident: &Incident, over_at: Option<Time>, settings: &Settings) -> Option<PageIncident> {
    let mails: Vec<&Mail> = incident.outbox.mails.iter().filter(|mail| is_public(mail)).collect();
    let first = mails.first()?;
    let mut updates: Vec<PageUpdate> = mails.iter().map(|mail| update(incident, mail)).collect();
    updates.reverse();
    let newest = updates.first()?;
    // It is over for everybody once it is over, also where the last word was another.
    let ended = over_at.filter(|_| !newest.status.is_over());
    let status = ended.map_or(newest.status, |_| Status::Resolved);
    let when = |wanted: fn(Status) -> bool| updates.iter().rev().find(|one| wanted(one.status)).map(|one| one.at);
    let began_again = updates.iter().find(|one| !one.status.is_over()).map(|one| one.at);
    let told_over = updates.iter().rev().filter(|one| one.status.is_over());
    let told_over = told_over.map(|one| one.at).find(|at| began_again.is_none_or(|began| *at >= began));
    Some(PageIncident {
        id: incident.id.clone(),
        title: title(first),
        impact: Impact::parse(impact(incident, settings)),
        status,
        services: shown(&incident.services, settings),
        started_at: incident.began_at(),
        created_at: first.queued_at.unwrap_or(first.drafted_at),
        resolved_at: if status.is_over() { told_over.or(ended) } else { None },
        monitoring_at: when(|status| status == Status::Monitoring),
        updates,
    })
}

/// The planned work of which the public was told, the newest first.
pub(super) fn maintenances(all: &[Maintenance], settings: &Settings) -> Vec<PageMaintenance> {
    let mut pages: Vec<PageMaintenance> = all.iter().rev().filter_map(|work| work_page(work, settings)).collect();
    pages.sort_by_key(|page| Reverse(page.created_at));
    pages
}

// Its times and how far it has come are as they are, also where the last word was another: who is not told of a new time
// must not wait for the old one.
fn work_page(work: &Maintenance, settings: &Settings) -> Option<PageMaintenance> {
    let mails: Vec<&Mail> = work.outbox.mails.iter().filter(|mail| is_public(mail)).collect();
    let first = mails.first()?;
    Some(PageMaintenance {
        id: work.id.clone(),
        title: work.title.clone(),
        status: Status::parse(work.status.public_word()),
        services: shown(&work.services, settings),
        created_at: first.queued_at.unwrap_or(first.drafted_at),
        scheduled_for: work.scheduled_for,
        scheduled_until: work.scheduled_until,
        started_at: work.started_at,
        completed_at: work.finished_at.or(work.canceled_at),
        updates: mails.iter().rev().map(|mail| work_update(work, mail)).collect(),
    })
}

fn work_update(work: &Maintenance, mail: &Mail) -> PageUpdate {
    let told = mail.drafted.status.as_deref().and_then(WorkStatus::parse).unwrap_or(work.status);
    PageUpdate {
        id: format!("{}.{}", work.id, mail.id()),
        status: Status::parse(told.public_word()),
        body: body(mail),
        at: mail.queued_at.unwrap_or(mail.drafted_at),
    }
}

// Those of these services that the page shows.
fn shown(services: &[String], settings: &Settings) -> Vec<String> {
    let is_shown = |id: &&String| match &settings.status_page.services {
        Some(ids) => ids.contains(id),
        None => settings.services.contains_key(*id),
    };
    services.iter().filter(is_shown).cloned().collect()
}

// Approved, on its way or arrived, and not given up, for a channel that the public reads.
fn is_public(mail: &Mail) -> bool {
    let is_told =
        matches!(mail.drafted.tell, Tell::Update | Tell::Postmortem | Tell::Maintenance) && mail.queued_at.is_some();
    let mut public = mail.drafted.to.iter().filter(|to| to.audience.as_deref() == Some("public"));
    is_told && public.any(|to| mail.legs_to(&to.channel).any(|leg| !matches!(leg.state, LegState::Dropped { .. })))
}

fn update(incident: &Incident, mail: &Mail) -> PageUpdate {
    let told = mail.drafted.status.as_deref().and_then(IncidentStatus::parse).unwrap_or(incident.status);
    let told = if mail.drafted.tell == Tell::Postmortem { IncidentStatus::Postmortem } else { told };
    PageUpdate {
        id: format!("{}.{}", incident.id, mail.id()),
        status: Status::parse(told.public_word()),
        body: body(mail),
        at: mail.queued_at.unwrap_or(mail.drafted_at),
    }
}

// The title stands above it already.
fn body(mail: &Mail) -> String {
    let text = mail.drafted.text.trim();
    let rest = text.strip_prefix(title(mail).as_str()).filter(|rest| rest.starts_with('\n'));
    rest.map_or(text, str::trim).to_owned()
}

// When it was over; one that was merged is over with the incident that tells it.
fn over_at(incident: &Incident, all: &BTreeMap<&str, &Incident>) -> Option<Time> {
    let mut incident = incident;
    // Nobody merges in circles, but a journal may come from anywhere.
    for _ in 0..all.len() {
        match &incident.merged_into {
            Some(into) if incident.status == IncidentStatus::Merged => incident = all.get(into.as_str())?,
            _ => break,
        }
    }
    (!incident.is_open()).then(|| incident.lasted_until(incident.last_at))
}

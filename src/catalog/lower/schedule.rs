//! A checklist's schedule: words and maps in, conditions out.

use chrono::NaiveTime;

use crate::catalog::problem::{Problem, Trail};
use crate::catalog::raw::{RawDay, RawFullSchedule, RawPeriod, RawSchedule, RawWeek};
use crate::error::nearest;
use crate::schedule::{Every, MonthEnd, Schedule, WORDS, weekday};

/// Makes a schedule of `schedule` and `due`.
pub(super) fn schedule(raw: Option<RawSchedule>, due: Option<&str>, problems: &mut Vec<Problem>) -> Option<Schedule> {
    let root = Trail::ROOT;
    let due = due.and_then(|due| {
        let time = time_of_day(due);
        if time.is_none() {
            let message = format!("`{due}` is not a time of day");
            problems.push(
                Problem::error("invalid-time", &root.key("due"), message).suggest("write it like `10:00` or `17:30`"),
            );
        }
        time
    });
    let Some(raw) = raw else {
        if due.is_some() {
            let message = "`due` says by when, and there is no `schedule` that says on which days";
            problems.push(
                Problem::error("no-schedule", &root.key("due"), message).on_key().suggest("add `schedule: daily`"),
            );
        }
        return None;
    };
    let at = root.key("schedule");
    let schedule = match raw {
        RawSchedule::Word(word) => from_word(&word, &at, problems)?,
        RawSchedule::Full(full) => from_map(full, &at, problems),
    };
    let schedule = Schedule { due, ..schedule };
    if problems.iter().all(|problem| !problem.code.contains("schedule")) && schedule.never_due() {
        problems.push(
            Problem::error("schedule-never-due", &at, "no day ever meets this schedule")
                .suggest("remove one of the conditions"),
        );
    }
    Some(schedule)
}

pub(super) fn time_of_day(text: &str) -> Option<NaiveTime> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(minutes) || !(two_digits(hours) || (hours.len() == 1 && hours.as_bytes()[0].is_ascii_digit())) {
        return None;
    }
    NaiveTime::from_hms_opt(hours.parse().ok()?, minutes.parse().ok()?, 0)
}

fn from_word(word: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<Schedule> {
    let schedule = Schedule::from_word(word);
    if schedule.is_none() {
        let lower = word.to_lowercase();
        let problem = Problem::error("invalid-schedule", at, format!("`{word}` is not a schedule"));
        problems.push(match nearest(&lower, WORDS) {
            Some(near) => problem.suggest_name(Some(near)),
            None => problem.suggest(format!("these are: {}", WORDS.join(", "))),
        });
    }
    schedule
}

fn from_map(raw: RawFullSchedule, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Schedule {
    let every = match raw.every {
        RawPeriod::Day => Every::Day,
        RawPeriod::Week => Every::Week,
        RawPeriod::Month => Every::Month,
    };
    let mut schedule = Schedule::plain(every);
    schedule.week = raw.week.map(|week| match week {
        RawWeek::First => MonthEnd::FirstWeek,
        RawWeek::Last => MonthEnd::LastWeek,
    });
    schedule.months = raw.months;
    for (index, day) in raw.on.into_iter().enumerate() {
        match day {
            RawDay::Date(date) if (1..=31).contains(&date) => schedule.dates.push(date),
            RawDay::Date(date) => {
                let message = format!("{date} is not a day of a month");
                problems.push(Problem::error("invalid-schedule", &at.key("on").index(index), message));
            }
            RawDay::Weekday(name) => {
                if let Some(day) = weekday(&name) {
                    schedule.weekdays.push(day);
                } else {
                    let message = format!("`{name}` is not a weekday");
                    let near = nearest(&name.to_lowercase(), WORDS[4..].iter().copied()).or(short_name(&name));
                    let problem = Problem::error("invalid-schedule", &at.key("on").index(index), message);
                    problems.push(problem.suggest_name(near));
                }
            }
        }
    }
    conflicts(&schedule, at, problems);
    schedule
}

fn short_name(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    WORDS[4..].iter().copied().find(|word| name.len() >= 2 && word.starts_with(&name))
}

fn conflicts(schedule: &Schedule, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let monthly = schedule.every == Every::Month;
    let mut say = |key: &str, message: &str, suggestion: &str| {
        problems.push(Problem::error("schedule-conflict", &at.key(key), message).on_key().suggest(suggestion));
    };
    if !monthly && schedule.week.is_some() {
        say("week", "`week` is a week of the month", "write `every: month`, or remove it");
    }
    if !monthly && !schedule.months.is_empty() {
        say(
            "months",
            "`months` picks months, and this is not a monthly schedule",
            "write `every: month`, or remove it",
        );
    }
    if !monthly && !schedule.dates.is_empty() {
        say("on", "days of the month need a monthly schedule", "write `every: month`, or name weekdays");
    }
    if monthly && !schedule.weekdays.is_empty() && schedule.week.is_none() {
        say("on", "weekdays need to know which week of the month", "add `week: first` or `week: last`");
    }
    if monthly && schedule.week.is_some() && !schedule.dates.is_empty() {
        say("on", "`week` and days of the month say two different things", "keep one of them");
    }
    if let Some(month) = schedule.months.iter().find(|month| !(1..=12).contains(*month)) {
        say("months", &format!("{month} is not a month"), "months are 1 to 12");
    }
}

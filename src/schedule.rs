//! When a checklist is due: periods, windows and deadlines.
//!
//! A schedule cuts time into periods (days, ISO weeks or months); there is one run a period. Its conditions say on
//! which days of a period the checklist is due; the window reaches from the first to the last of them.

use std::fmt;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Weekday};

/// The length of a period: one run in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// A calendar day.
    Day,
    /// An ISO week, Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
}

/// One end of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MonthEnd {
    /// Days 1 to 7.
    FirstWeek,
    /// The last seven days.
    LastWeek,
}

/// When a checklist is to be done; an empty list of conditions means every day of the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The length of a period.
    pub every: Every,
    /// Only on these days of the week.
    pub weekdays: Vec<Weekday>,
    /// Only on these days of the month, 1 to 31.
    pub dates: Vec<u32>,
    /// Only in this week of the month.
    pub week: Option<MonthEnd>,
    /// Only in these months, 1 to 12.
    pub months: Vec<u32>,
    /// The local time of day by which it is to be done; the end of the day when left out.
    pub due: Option<NaiveTime>,
}

/// A day, a week or a month, with the key that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// `2026-11-23`, `2026-W48` or `2026-11`.
    pub key: String,
    /// Its first day.
    pub first: NaiveDate,
    /// Its last day.
    pub last: NaiveDate,
}

/// The days of a period on which a checklist is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first due day.
    pub first: NaiveDate,
    /// The last due day.
    pub last: NaiveDate,
    /// The local time on the last day after which it is overdue.
    pub deadline: NaiveDateTime,
}

/// Where a moment stands in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueState {
    /// Before the first due day.
    NotYet,
    /// Between the first due day and the deadline.
    Due,
    /// After the deadline.
    Overdue,
}

/// The period a moment belongs to, or the next one in which something falls due, and where the moment stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The period.
    pub period: Period,
    /// Where the moment stands.
    pub state: DueState,
    /// The local time after which it is overdue.
    pub deadline: NaiveDateTime,
}

// Enough periods to meet a 29 February again, even across the year 2100.
const PERIODS_AHEAD: usize = 12 * 9;

impl Schedule {
    /// A schedule without conditions.
    pub const fn plain(every: Every) -> Self {
        Self { every, weekdays: Vec::new(), dates: Vec::new(), week: None, months: Vec::new(), due: None }
    }

    /// Reads `daily`, `weekdays`, `weekly`, `monthly` or a weekday's name (one run a week, on that day).
    pub fn from_word(word: &str) -> Option<Self> {
        let schedule = match word {
            "daily" => Self::plain(Every::Day),
            "weekdays" => Self { weekdays: WORKDAYS.to_vec(), ..Self::plain(Every::Day) },
            "weekly" => Self::plain(Every::Week),
            "monthly" => Self::plain(Every::Month),
            name => Self { weekdays: vec![weekday(name)?], ..Self::plain(Every::Week) },
        };
        Some(schedule)
    }

    /// The period a date falls into.
    pub fn period(&self, date: NaiveDate) -> Period {
        match self.every {
            Every::Day => Period { key: date.to_string(), first: date, last: date },
            Every::Week => {
                let week = date.week(Weekday::Mon);
                let iso = date.iso_week();
                let key = format!("{}-W{:02}", iso.year(), iso.week());
                Period {
                    key,
                    first: week.checked_first_day().unwrap_or(date),
                    last: week.checked_last_day().unwrap_or(date),
                }
            }
            Every::Month => {
                let first = date.with_day(1).unwrap_or(date);
                let last = first.with_day(u32::from(first.num_days_in_month())).unwrap_or(first);
                Period { key: date.format("%Y-%m").to_string(), first, last }
            }
        }
    }

    /// The period with a key as [`Period::key`] has it; none when the key is not one of this schedule's periods.
    pub fn period_of_key(&self, key: &str) -> Option<Period> {
        let date = match self.every {
            Every::Day => key.parse().ok()?,
            Every::Week => NaiveDate::parse_from_str(&format!("{key}-1"), "%G-W%V-%u").ok()?,
            Every::Month => format!("{key}-01").parse().ok()?,
        };
        Some(self.period(date)).filter(|period| period.key == key)
    }

    /// Whether the checklist is due on a day, by the schedule's conditions alone.
    pub fn is_due_on(&self, date: NaiveDate) -> bool {
        let in_week = match self.week {
            None => true,
            Some(MonthEnd::FirstWeek) => date.day() <= 7,
            Some(MonthEnd::LastWeek) => date.day() + 7 > u32::from(date.num_days_in_month()),
        };
        in_week
            && (self.months.is_empty() || self.months.contains(&date.month()))
            && (self.weekdays.is_empty() || self.weekdays.contains(&date.weekday()))
            && (self.dates.is_empty() || self.dates.contains(&date.day()))
    }

    /// The days of a period on which the checklist is due; none when the period has no such day.
    pub fn window(&self, period: &Period) -> Option<Window> {
        let mut days =
            period.first.iter_days().take_while(|day| *day <= period.last).filter(|day| self.is_due_on(*day));
        let first = days.next()?;
        let last = days.last().unwrap_or(first);
        Some(Window { first, last, deadline: last.and_time(self.due.unwrap_or(END_OF_DAY)) })
    }

    /// The first period, from a date's own on, whose window is not over before that date.
    pub fn next_due(&self, from: NaiveDate) -> Option<(Period, Window)> {
        let mut date = from;
        for _ in 0..PERIODS_AHEAD {
            let period = self.period(date);
            if let Some(window) = self.window(&period).filter(|window| window.last >= from) {
                return Some((period, window));
            }
            date = period.last.checked_add_days(Days::new(1))?;
        }
        None
    }

    /// Where a local moment stands: in its own period when something falls due there, else before the next that has
    /// a due day; none when nothing ever falls due.
    pub fn standing(&self, now: NaiveDateTime) -> Option<Standing> {
        let own = self.period(now.date());
        let (period, window) = match self.window(&own) {
            Some(window) => (own, window),
            None => self.next_due(now.date())?,
        };
        let state = if now.date() < window.first {
            DueState::NotYet
        } else if now <= window.deadline {
            DueState::Due
        } else {
            DueState::Overdue
        };
        Some(Standing { period, state, deadline: window.deadline })
    }

    /// Whether no day ever meets the conditions, such as 30 February.
    pub fn never_due(&self) -> bool {
        // A leap year's first day; the search reaches over the next years.
        NaiveDate::from_ymd_opt(2024, 1, 1).is_none_or(|start| self.next_due(start).is_none())
    }

    /// In words: `every day by 10:00`, `Mondays`, `in the first week of the month`.
    pub fn describe(&self) -> String {
        self.to_string()
    }
}

const WORKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

/// The words a schedule may be written as.
pub const WORDS: [&str; 11] = [
    "daily",
    "weekdays",
    "weekly",
    "monthly",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

const END_OF_DAY: NaiveTime = match NaiveTime::from_hms_opt(23, 59, 59) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// A weekday by its full lower-case name.
pub fn weekday(name: &str) -> Option<Weekday> {
    let position = WORDS[4..].iter().position(|word| *word == name)?;
    Weekday::try_from(u8::try_from(position).ok()?).ok()
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl fmt::Display for Schedule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = joined(self.weekdays.iter().map(|day| plural(*day)));
        let dates = joined(self.dates.iter().map(|date| ordinal(*date)));
        match self.every {
            Every::Day if self.weekdays == WORKDAYS => out.write_str("every weekday")?,
            Every::Day if self.weekdays.is_empty() => out.write_str("every day")?,
            Every::Week if self.weekdays.is_empty() => out.write_str("every week")?,
            Every::Week if self.weekdays.len() > 1 => write!(out, "once a week, {days}")?,
            Every::Day | Every::Week => out.write_str(&days)?,
            Every::Month => match (self.week, self.weekdays.is_empty(), self.dates.is_empty()) {
                (Some(MonthEnd::FirstWeek), true, _) => out.write_str("in the first week of the month")?,
                (Some(MonthEnd::LastWeek), true, _) => out.write_str("in the last week of the month")?,
                (Some(MonthEnd::FirstWeek), false, _) => write!(out, "{days} in the first week of the month")?,
                (Some(MonthEnd::LastWeek), false, _) => write!(out, "{days} in the last week of the month")?,
                (None, _, false) => write!(out, "on the {dates} of the month")?,
                (None, _, true) => out.write_str("every month")?,
            },
        }
        if !self.months.is_empty() {
            let names = self.months.iter().filter_map(|month| MONTHS.get((*month as usize).wrapping_sub(1)));
            write!(out, ", only in {}", joined(names.map(|name| (*name).to_owned())))?;
        }
        match self.due {
            Some(due) => write!(out, " by {}", due.format("%H:%M")),
            None => Ok(()),
        }
    }
}

fn plural(day: Weekday) -> String {
    let name = WORDS[4 + day.num_days_from_monday() as usize];
    let (head, tail) = name.split_at(1);
    format!("{}{tail}s", head.to_uppercase())
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

fn joined(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    match words.split_last() {
        None => String::new(),
        Some((one, [])) => one.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Weekday};
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{DueState, Every, MonthEnd, Schedule};

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    fn word(word: &str) -> Schedule {
        Schedule::from_word(word).unwrap()
    }

    fn monthly(change: impl FnOnce(&mut Schedule)) -> Schedule {
        let mut schedule = Schedule::plain(Every::Month);
        change(&mut schedule);
        schedule
    }

    #[test]
    fn periods_have_keys_that_sort_and_read_well() {
        let day = date("2026-11-23");
        assert_eq!(word("daily").period(day).key, "2026-11-23");
        assert_eq!(word("monday").period(day).key, "2026-W48");
        assert_eq!(word("monthly").period(day).key, "2026-11");
        let week = word("weekly").period(date("2027-01-03"));
        assert_eq!((week.key.as_str(), week.first, week.last), ("2026-W53", date("2026-12-28"), date("2027-01-03")));
        for schedule in [word("daily"), word("weekly"), word("monthly")] {
            let period = schedule.period(day);
            assert_eq!(schedule.period_of_key(&period.key), Some(period));
            assert_eq!(schedule.period_of_key("yesterday"), None);
        }
    }

    #[test]
    fn windows_are_the_due_days_of_a_period() {
        let november = date("2026-11-23");
        let days = |schedule: &Schedule| {
            let window = schedule.window(&schedule.period(november)).unwrap();
            (window.first.to_string(), window.last.to_string())
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(days(&word("daily")), pair("2026-11-23", "2026-11-23"));
        assert_eq!(days(&word("friday")), pair("2026-11-27", "2026-11-27"));
        assert_eq!(days(&word("weekly")), pair("2026-11-23", "2026-11-29"));
        assert_eq!(days(&monthly(|s| s.week = Some(MonthEnd::FirstWeek))), pair("2026-11-01", "2026-11-07"));
        assert_eq!(days(&monthly(|s| s.week = Some(MonthEnd::LastWeek))), pair("2026-11-24", "2026-11-30"));
        assert_eq!(days(&monthly(|s| s.dates = vec![15])), pair("2026-11-15", "2026-11-15"));
        let first_monday = monthly(|s| {
            s.week = Some(MonthEnd::FirstWeek);
            s.weekdays = vec![Weekday::Mon];
        });
        assert_eq!(days(&first_monday), pair("2026-11-02", "2026-11-02"));
    }

    #[test]
    fn a_moment_is_before_in_or_after_the_window() {
        let daily = Schedule { due: NaiveTime::from_hms_opt(10, 0, 0), ..word("daily") };
        let state = |schedule: &Schedule, now: &str| schedule.standing(at(now)).unwrap().state;
        assert_eq!(state(&daily, "2026-11-23 10:00"), DueState::Due);
        assert_eq!(state(&daily, "2026-11-23 10:01"), DueState::Overdue);
        assert_eq!(state(&word("friday"), "2026-11-23 08:00"), DueState::NotYet);
        assert_eq!(state(&word("friday"), "2026-11-27 23:59"), DueState::Due);
        assert_eq!(state(&word("friday"), "2026-11-28 00:00"), DueState::Overdue);
        let saturday = word("weekdays").standing(at("2026-11-28 12:00")).unwrap();
        assert_eq!((saturday.state, saturday.period.key.as_str()), (DueState::NotYet, "2026-11-30"));
    }

    #[test]
    fn some_days_never_come() {
        assert!(monthly(|s| (s.dates, s.months) = (vec![30], vec![2])).never_due());
        assert!(monthly(|s| (s.dates, s.months) = (vec![31], vec![4, 6])).never_due());
        assert!(!monthly(|s| (s.dates, s.months) = (vec![29], vec![2])).never_due());
        assert!(!word("daily").never_due());
    }

    #[test]
    fn schedules_read_as_words() {
        let due = NaiveTime::from_hms_opt(10, 0, 0);
        assert_eq!(Schedule { due, ..word("daily") }.describe(), "every day by 10:00");
        assert_eq!(word("weekdays").describe(), "every weekday");
        assert_eq!(word("monday").describe(), "Mondays");
        assert_eq!(monthly(|s| s.week = Some(MonthEnd::FirstWeek)).describe(), "in the first week of the month");
        let quarter = monthly(|s| (s.dates, s.months) = (vec![1, 2, 23], vec![1, 4]));
        assert_eq!(quarter.describe(), "on the 1st, 2nd and 23rd of the month, only in January and April");
    }

    proptest! {
        #[test]
        fn every_window_lies_in_its_period(days in any::<u16>(), every in 0..3_u8, dates in proptest::collection::vec(0..33_u32, 0..3)) {
            let every = [Every::Day, Every::Week, Every::Month][usize::from(every)];
            let schedule = Schedule { dates, ..Schedule::plain(every) };
            let day = date("1999-12-31") + chrono::Days::new(u64::from(days));
            let period = schedule.period(day);
            prop_assert!(period.first <= day && day <= period.last);
            if let Some(window) = schedule.window(&period) {
                prop_assert!(period.first <= window.first && window.last <= period.last);
            }
            if let Some((next, window)) = schedule.next_due(day) {
                prop_assert!(next.first >= period.first && window.last >= day);
            }
        }
    }
}

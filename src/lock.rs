//! Who may work on a table's date: claims, as names of files in one folder of the cluster's file system.
//!
//! One thing is asked of that file system: a file that was written shows in every listing that begins later. Files are
//! only added here; what is removed was of no use for long. (A rename is no such step everywhere: where a listing first
//! reads names and then looks at each, as on a local disk, a file that is renamed meanwhile shows under neither name.)
//!
//! | name | means |
//! |---|---|
//! | `_4.ab12` | asked for by `ab12`; it stays while that one holds it |
//! | `4.ab12.0` | held; it stays as well |
//! | `_4.ab12.7` | held still: the signs of life are counted, each is a file of its own, and old ones go |
//! | `4` | released; it stays, so that no later generation has a number that was used before |
//!
//! An owner writes `_4.ab12`, looks, and writes `4.ab12.0` where nobody else asks or holds. Two that ask at once write
//! before they look, so at least one of them sees the other; who sees another gives way. A file's time is its writer's
//! sign of life, by the file system's own clock; who shows none for a lease is dead. An owner that was only paused finds
//! a later generation when it wakes up, and stops: that is what [`Claims::lost`] is for, before each step that changes
//! something.

use std::str::FromStr;

use crate::exit::Error;

/// One file of the folder.
#[derive(Debug, Clone)]
struct Claim {
    /// Its name; Hadoop writes `NAME._COPYING_` first.
    name: String,
    generation: u64,
    state: State,
    /// When it was written, in milliseconds by the file system's clock.
    at: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Asked,
    /// By whom.
    Held(String),
    Released,
}

/// A listing of the folder.
#[derive(Debug, Clone, Default)]
pub struct Claims(Vec<Claim>);

/// What becomes of a claim that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It may be held; these files are of no use any more.
    Take(Vec<String>),
    /// Somebody else asks as well: give way and ask again.
    GiveWay,
    /// Somebody holds it: the file, and how many milliseconds ago it was written.
    Held(String, u64),
}

impl FromStr for Claims {
    type Err = Error;

    /// Reads lines of milliseconds and a name, as `hadoop fs -stat '%Y %n'` prints them.
    fn from_str(listing: &str) -> Result<Self, Error> {
        let claim = |line: &str| {
            let (at, name) = line.split_once(' ')?;
            let name = name.trim_end_matches("._COPYING_");
            let parts: Vec<&str> = name.trim_start_matches('_').split('.').collect();
            let (generation, state) = match (name.starts_with('_'), parts[..].split_first()?) {
                (true, (generation, [_])) => (generation, State::Asked),
                (false, (generation, [])) => (generation, State::Released),
                // Hive, which asks by what is not hidden, shall not meet one that is written or removed just then.
                (_, (generation, [owner, _])) => (generation, State::Held((*owner).to_owned())),
                _ => return None,
            };
            let (at, generation) = (at.parse().ok()?, generation.parse().ok()?);
            Some(Claim { name: name.to_owned(), generation, state, at })
        };
        let lines = listing.lines().filter(|line| !line.is_empty());
        let claims: Result<Vec<Claim>, Error> = lines
            .map(|line| claim(line).ok_or_else(|| Error::Input(format!("`{line}` is no claim of a lock"))))
            .collect();
        Ok(Self(claims?))
    }
}

impl Claims {
    /// The generation to ask for next.
    #[must_use]
    pub fn next(&self) -> u64 {
        1 + self.newest(|_| true)
    }

    /// The newest generation of some claims; 0 where there is none.
    fn newest(&self, of: impl Fn(&State) -> bool) -> u64 {
        self.0.iter().filter(|claim| of(&claim.state)).map(|claim| claim.generation).max().unwrap_or(0)
    }

    /// What becomes of a claim that was written before this listing was begun. The lease is in milliseconds.
    #[must_use]
    pub fn ask(&self, own: &str, lease: u64) -> Answer {
        let Some(own) = self.0.iter().find(|claim| claim.name == own) else { return Answer::GiveWay };
        let (held, released) =
            (self.newest(|state| *state != State::Asked), self.newest(|state| *state == State::Released));
        // A released one has nobody behind it any more; nor has an older one than that was held.
        let over = |claim: &Claim| claim.generation <= released || claim.generation < held;
        let silent = |claim: &Claim| own.at.saturating_sub(claim.at);
        let (useful, useless): (Vec<&Claim>, Vec<&Claim>) = self
            .0
            .iter()
            .filter(|claim| claim.name != own.name)
            .partition(|claim| !over(claim) && silent(claim) < lease);
        let holder = useful.iter().filter(|claim| claim.state != State::Asked).max_by_key(|claim| claim.at);
        if let Some(holder) = holder {
            return Answer::Held(holder.name.clone(), silent(holder));
        }
        if !useful.is_empty() || held >= own.generation {
            return Answer::GiveWay;
        }
        Answer::Take(useless.into_iter().map(|claim| claim.name.clone()).collect())
    }

    /// Whether who was at work at a time is at work still: its claim is from before, was not released, and it showed a sign
    /// of life within a lease. `now` is by the file system's clock; all in milliseconds.
    #[must_use]
    pub fn alive(&self, then: u64, now: u64, lease: u64) -> bool {
        let (held, released) =
            (self.newest(|state| *state != State::Asked), self.newest(|state| *state == State::Released));
        let lives = |claim: &&Claim| {
            claim.generation > released && claim.generation >= held && now.saturating_sub(claim.at) < lease
        };
        let began =
            |generation| self.0.iter().any(|claim| claim.generation == generation && claim.at <= then);
        self.0.iter().filter(lives).any(|claim| began(claim.generation))
    }

    /// Whether one that held it as `GENERATION.OWNER` does not any more: its files are gone, or a later generation was
    /// held.
    #[must_use]
    pub fn lost(&self, own: &str) -> bool {
        let Some((generation, owner)) = own.split_once('.') else { return true };
        let Ok(generation) = generation.parse::<u64>() else { return true };
        let own =
            |claim: &Claim| claim.generation == generation && claim.state == State::Held(owner.to_owned());
        let other =
            |claim: &Claim| claim.state != State::Asked && claim.generation >= generation && !own(claim);
        !self.0.iter().any(own) || self.0.iter().any(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEASE: u64 = 100;

    fn claims(listing: &str) -> Claims {
        listing.parse().unwrap()
    }

    fn take(useless: &[&str]) -> Answer {
        Answer::Take(useless.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_claim_is_taken_where_nobody_asks_or_holds() {
        assert_eq!(claims("").next(), 1);
        assert_eq!(claims("5 7\n5 _9.x").next(), 10);
        assert_eq!(claims("5 _1.a").ask("_1.a", LEASE), take(&[]));
        assert_eq!(claims("5 _3.b\n5 3.b.0\n5 3\n9 _4.a").ask("_4.a", LEASE), take(&["_3.b", "3.b.0", "3"]));
        assert_eq!(claims("5 _1.a\n6 _1.b").ask("_1.b", LEASE), Answer::GiveWay);
        assert_eq!(claims("5 _1.a\n60 _2.b").ask("_2.b", LEASE), Answer::GiveWay);
        assert_eq!(
            claims("5 _1.a\n5 1.a.0\n30 1.a.1\n60 _2.b").ask("_2.b", LEASE),
            Answer::Held("1.a.1".into(), 30)
        );
        assert_eq!(claims("5 1.a.0\n60 _2.b").ask("_3.b", LEASE), Answer::GiveWay, "its file is gone");
        assert_eq!(claims("5 2\n60 _2.b").ask("_2.b", LEASE), Answer::GiveWay, "the number was used");
    }

    #[test]
    fn who_shows_no_sign_of_life_is_dead_by_the_file_systems_clock() {
        assert_eq!(claims("5 _1.a\n5 1.a.0\n105 _2.b").ask("_2.b", LEASE), take(&["_1.a", "1.a.0"]));
        assert_eq!(claims("5 _1.a\n105 _2.b").ask("_2.b", LEASE), take(&["_1.a"]));
        // A sign of life that is being written, and one that is later than ours.
        assert_eq!(
            claims("5 1.a.0\n104 1.a.1._COPYING_\n105 _2.b").ask("_2.b", LEASE),
            Answer::Held("1.a.1".into(), 1)
        );
        assert_eq!(claims("200 1.a.0\n105 _2.b").ask("_2.b", LEASE), Answer::Held("1.a.0".into(), 0));
        // It woke up and shows signs of life again, but another one held it since; one came after its release.
        assert_eq!(claims("104 1.a.9\n50 2\n105 _3.b").ask("_3.b", LEASE), take(&["1.a.9", "2"]));
        assert_eq!(claims("104 1.a.9\n50 1\n105 _2.b").ask("_2.b", LEASE), take(&["1.a.9", "1"]));
    }

    #[test]
    fn who_was_at_work_then_is_told_from_who_came_later() {
        let then = |listing: &str| claims(listing).alive(50, 900, LEASE);
        assert!(then("10 _1.a\n10 1.a.0\n890 1.a.7"));
        for listing in [
            "",
            "10 _1.a\n700 1.a.7",
            "10 _1.a\n890 1.a.7\n891 1",
            "60 _2.b\n890 2.b.3",
            "10 1\n60 _2.b\n890 2.b.3",
            "10 _1.a\n899 1.a.9\n60 _2.b\n70 2.b.0",
        ] {
            assert!(!then(listing), "{listing}");
        }
    }

    #[test]
    fn a_claim_is_lost_with_its_files_or_to_a_later_generation() {
        assert!(!claims("5 1.a.0").lost("1.a"));
        assert!(!claims("5 1.a.3\n5 _1.a\n5 _2.b").lost("1.a"), "asking is not holding");
        assert!(!claims("5 1.a.4._COPYING_").lost("1.a"));
        for listing in ["", "5 _1.a", "5 1.a.0\n5 2.b.0", "5 1.a.0\n5 2", "5 1.a.0\n5 1.b.0", "5 1.a.0\n5 1"]
        {
            assert!(claims(listing).lost("1.a"), "{listing}");
        }
        for listing in ["x 1.a.0", "5 a.1.0", "5", "5 1.a", "5 _1", "5 1.a.0.0", "5 1.a b\nx"] {
            assert!(listing.parse::<Claims>().is_err(), "{listing}");
        }
    }

    /// A driver that does one thing at a time, and may be paused between any two. What it looks at was listed in two
    /// steps, as on a local disk: first the names, then each file that is still there.
    #[derive(Debug, Clone)]
    enum Driver {
        Idle,
        /// It knows what generation to ask for.
        Counted(u64),
        Asked(String),
        Looks(String, Vec<String>),
        May(String),
        Holds(String, u64),
    }

    /// A folder of files with their times, and when each driver showed its last sign of life.
    #[derive(Debug, Default)]
    struct World {
        folder: Vec<(u64, String)>,
        drivers: Vec<(Driver, u64)>,
        now: u64,
    }

    impl World {
        fn list(&self, names: Option<&[String]>) -> Claims {
            let there = self.folder.iter().filter(|(_, name)| names.is_none_or(|names| names.contains(name)));
            claims(&there.map(|(at, name)| format!("{at} {name}")).collect::<Vec<_>>().join("\n"))
        }

        fn write(&mut self, name: String) {
            self.folder.push((self.now, name));
        }

        /// What the driver does next, when so much time has passed; `number` is of this step alone.
        fn step(&mut self, driver: Driver, number: usize, passed: u64, release: bool) -> Driver {
            match driver {
                Driver::Idle => Driver::Counted(self.list(None).next()),
                Driver::Counted(generation) => {
                    let name = format!("_{generation}.{number}");
                    self.write(name.clone());
                    Driver::Asked(name)
                }
                Driver::Asked(name) => {
                    Driver::Looks(name, self.folder.iter().map(|(_, name)| name.clone()).collect())
                }
                Driver::Looks(name, names) => match self.list(Some(&names)).ask(&name, LEASE) {
                    // A listing that took long says nothing of those who showed signs of life meanwhile.
                    Answer::Take(useless) if passed * 4 < LEASE => {
                        self.folder.retain(|(_, other)| !useless.contains(other));
                        Driver::May(name)
                    }
                    _ => {
                        self.folder.retain(|(_, other)| *other != name);
                        Driver::Idle
                    }
                },
                Driver::May(name) => {
                    let own = name[1..].to_owned();
                    self.write(format!("{own}.0"));
                    Driver::Holds(own, 0)
                }
                Driver::Holds(own, _) if self.list(None).lost(&own) => Driver::Idle,
                Driver::Holds(own, _) if release => {
                    self.write(own.split('.').next().unwrap().to_owned());
                    Driver::Idle
                }
                Driver::Holds(own, beats) if passed * 4 < LEASE => Driver::Holds(own, beats),
                Driver::Holds(own, beats) => {
                    self.write(format!("{own}.{}", beats + 1));
                    let stale = beats.checked_sub(1).map(|beat| format!("{own}.{beat}"));
                    self.folder.retain(|(_, other)| Some(other) != stale.as_ref());
                    Driver::Holds(own, beats + 1)
                }
            }
        }
    }

    proptest! {
        /// Whatever the order of steps and the pauses between them: of two that hold the lock one has lost it, and
        /// nobody loses it who was never silent for long.
        #[test]
        fn one_holds_it_and_loses_it_to_nobody(
            steps in prop::collection::vec((0_usize..3, 0_u64..40, any::<bool>()), 0..200),
        ) {
            let mut world = World { drivers: vec![(Driver::Idle, 0); 3], ..World::default() };
            for (number, (who, passes, release)) in steps.into_iter().enumerate() {
                world.now += passes;
                let (before, at) = world.drivers[who].clone();
                let passed = world.now - at;
                let after = world.step(before.clone(), number, passed, release);
                let at = match (&before, &after) {
                    (Driver::Holds(own, _), Driver::Idle) => {
                        prop_assert!(release || passed >= LEASE, "{own} was never silent: {world:?}");
                        world.now
                    }
                    // Neither writes; and who held it too late has been silent already.
                    (_, Driver::Looks(..) | Driver::May(_)) => at,
                    (Driver::Holds(_, before), Driver::Holds(_, after)) if before == after => at,
                    (_, Driver::Holds(..)) if passed >= LEASE => at,
                    _ => world.now,
                };
                world.drivers[who] = (after, at);
                let listed = world.list(None);
                let holds = |driver: &&(Driver, u64)| matches!(&driver.0, Driver::Holds(own, _) if !listed.lost(own));
                prop_assert!(world.drivers.iter().filter(holds).count() <= 1, "{world:?}");
            }
        }
    }
}

//! Users and groups of the node by name: what belongs to `kamailio` here belongs to `kamailio` there,
//! whatever its number.

use std::collections::BTreeMap;
use std::fs;

/// Names of the local files; a user that only a directory service knows goes by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    users: BTreeMap<u32, String>,
    groups: BTreeMap<u32, String>,
}

impl Names {
    /// Reads `/etc/passwd` and `/etc/group`, see passwd(5) and group(5).
    pub fn read() -> Self {
        let read = |path: &str| {
            fs::read_to_string(path)
                .map(|text| parse(&text))
                .unwrap_or_default()
        };
        Self {
            users: read("/etc/passwd"),
            groups: read("/etc/group"),
        }
    }

    /// User and group by name.
    pub fn of(&self, user: u32, group: u32) -> (String, String) {
        let name = |names: &BTreeMap<u32, String>, id: u32| {
            names.get(&id).cloned().unwrap_or_else(|| id.to_string())
        };
        (name(&self.users, user), name(&self.groups, group))
    }

    /// The numbers of these names on this node; `None` where it knows no such name.
    pub fn numbers(&self, (user, group): &(String, String)) -> Option<(u32, u32)> {
        let number = |names: &BTreeMap<u32, String>, name: &str| {
            let named = names.iter().find(|(_, known)| *known == name).map(|(id, _)| *id);
            named.or_else(|| name.parse().ok())
        };
        Some((number(&self.users, user)?, number(&self.groups, group)?))
    }
}

/// `name:password:number:…`
fn parse(text: &str) -> BTreeMap<u32, String> {
    let entry = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        Some((fields.nth(1)?.parse().ok()?, name))
    };
    // Of several names with one number the first counts, as it does for getpwuid(3).
    text.lines().rev().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_number_and_numbers_by_name() {
        let names = Names {
            users: parse(
                "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\nkamailio:x:105:110::/run:/bin/false\n",
            ),
            groups: parse("root:x:0:\nkamailio:x:110:\n"),
        };
        assert_eq!(names.of(0, 110), ("root".to_owned(), "kamailio".to_owned()));
        assert_eq!(names.of(4000, 0).0, "4000");
        let owner = |user: &str, group: &str| (user.to_owned(), group.to_owned());
        assert_eq!(names.numbers(&owner("kamailio", "kamailio")), Some((105, 110)));
        assert_eq!(names.numbers(&owner("4000", "root")), Some((4000, 0)));
        assert_eq!(names.numbers(&owner("asterisk", "root")), None);
    }
}

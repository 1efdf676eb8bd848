//! Writing the pair file: values that changed are replaced in place, so comments, order and layout of
//! whoever edited it by hand stay.

use super::in_place::{set, set_unless_absent, within};
use crate::error::{Error, Result};
use crate::model::{
    Addresses, BlockStyle, Copying, ExtraFile, Node, Pair, Priority, Side, SshTarget, Standby, Takeover, Vip,
};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

/// A new pair file begins as this.
const SKELETON: &str = include_str!("../../templates/pair.toml");

/// The text of the pair file that says `pair`; `old` is the present text, whose comments are kept.
pub fn render_pair(old: Option<&str>, pair: &Pair) -> Result<String> {
    let mut document: DocumentMut = old.unwrap_or(SKELETON).parse().map_err(|error| {
        Error::refused("bad_pair_file", "the present pair file is not TOML").because(error)
    })?;
    let root = document.as_table_mut();
    set(root, "name", Some(pair.name.as_str().into()));
    set(root, "profile", Some(pair.profile.as_str().into()));
    let ports = pair.ports.iter().map(ToString::to_string);
    set(root, "ports", some_list(ports));
    set(root, "block", Some(block(pair.block).into()));
    set(root, "takeover", Some(takeover(pair.takeover).into()));
    set_unless_absent(
        root,
        "priority",
        pair.priority.as_str().into(),
        pair.priority == Priority::default(),
    );
    set_unless_absent(root, "ntp", list(pair.ntp.iter().cloned()), pair.ntp.is_empty());
    set_unless_absent(
        root,
        "standby",
        pair.standby.as_str().into(),
        pair.standby == Standby::default(),
    );
    set_unless_absent(
        root,
        "encrypted_link",
        pair.encrypted_link.into(),
        pair.encrypted_link,
    );
    write_copying(root, &pair.copying);
    for side in Side::BOTH {
        let fresh = Item::Table(Table::new());
        within(root, side.as_str(), fresh, |table| {
            write_node(table, &pair.nodes[side]);
        });
    }
    write_tables(
        root,
        "vip",
        &pair.vips,
        |vip, table| {
            table
                .get("address")
                .and_then(Item::as_str)
                .and_then(|text| text.parse().ok())
                == Some(vip.address)
        },
        write_vip,
    );
    write_tables(
        root,
        "file",
        &pair.files,
        |file, table| table.get("target").and_then(Item::as_str) == Some(&file.target),
        write_file,
    );
    Ok(document.to_string())
}

fn write_copying(root: &mut Table, copying: &Copying) {
    let usual = Copying::default();
    for (key, is, was) in [
        ("mirrors_keep", copying.keep, usual.keep),
        ("backup_max_age", copying.max_age_h, usual.max_age_h),
    ] {
        set_unless_absent(root, key, i64::from(is).into(), is == was);
    }
    set(
        root,
        "copy_limit",
        copying.limit.map(|limit| i64::from(limit).into()),
    );
}

fn write_node(table: &mut dyn TableLike, node: &Node) {
    set(table, "hostname", Some(node.hostname.as_str().into()));
    set(table, "fqdn", Some(node.fqdn.as_str().into()));
    set(
        table,
        "server_id",
        Some(i64::from(u32::from(node.server_id)).into()),
    );
    write_addresses(table, "address", node.address);
    write_addresses(table, "duplication", node.duplication);
    write_addresses(table, "health_check", node.health_check);
    set(table, "interface", node.interface.as_deref().map(Value::from));
    write_ssh(table, &node.ssh);
}

fn write_addresses(table: &mut dyn TableLike, key: &str, addresses: Addresses) {
    if addresses.is_empty() {
        table.remove(key);
        return;
    }
    within(table, key, value(InlineTable::new()), |inner| {
        set(inner, "v4", addresses.v4.map(|v4| v4.to_string().into()));
        set(inner, "v6", addresses.v6.map(|v6| v6.to_string().into()));
    });
}

fn write_ssh(table: &mut dyn TableLike, ssh: &SshTarget) {
    let usual = SshTarget::default();
    if *ssh == usual {
        table.remove("ssh");
        return;
    }
    within(table, "ssh", value(InlineTable::new()), |inner| {
        set(inner, "host", ssh.host.as_deref().map(Value::from));
        set_unless_absent(inner, "port", i64::from(ssh.port).into(), ssh.port == usual.port);
        set_unless_absent(inner, "user", ssh.user.as_str().into(), ssh.user == usual.user);
        set(inner, "identity", ssh.identity.as_deref().map(Value::from));
        set(inner, "host_key", ssh.host_key.as_deref().map(Value::from));
    });
}

fn write_vip(table: &mut Table, vip: &Vip) {
    set(table, "address", Some(vip.address.to_string().into()));
    set(table, "interface", Some(vip.interface.as_str().into()));
}

fn write_file(table: &mut Table, file: &ExtraFile) {
    set(table, "source", Some(file.source.as_str().into()));
    set(table, "target", Some(file.target.as_str().into()));
}

/// Makes the `[[key]]` tables say `wanted` in its order; a table of the same thing keeps its comments.
fn write_tables<T>(
    root: &mut Table,
    key: &str,
    wanted: &[T],
    same: impl Fn(&T, &Table) -> bool,
    write: impl Fn(&mut Table, &T),
) {
    let present: Vec<Table> = root
        .get(key)
        .and_then(Item::as_array_of_tables)
        .map(|tables| tables.iter().cloned().collect())
        .unwrap_or_default();
    if wanted.is_empty() {
        root.remove(key);
        return;
    }
    let mut tables = ArrayOfTables::new();
    for entry in wanted {
        let kept = present.iter().find(|table| same(entry, table)).cloned();
        let mut table = kept.unwrap_or_else(|| {
            let mut fresh = Table::new();
            fresh.decor_mut().set_prefix("\n");
            fresh
        });
        write(&mut table, entry);
        tables.push(table);
    }
    root.insert(key, Item::ArrayOfTables(tables));
}

fn list(texts: impl Iterator<Item = String>) -> Value {
    Value::Array(texts.collect::<Array>())
}

fn some_list(texts: impl Iterator<Item = String>) -> Option<Value> {
    let array: Array = texts.collect();
    (!array.is_empty()).then_some(Value::Array(array))
}

const fn block(style: BlockStyle) -> &'static str {
    match style {
        BlockStyle::Drop => "drop",
        BlockStyle::Reject => "reject",
    }
}

const fn takeover(takeover: Takeover) -> &'static str {
    match takeover {
        Takeover::Manual => "manual",
        Takeover::Automatic => "automatic",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_pair;
    use crate::config::sample::{office, pairs};
    use proptest::prelude::*;

    const BY_HAND: &str = r#"# ours
profile   = "kamailio" # the real one
name = 'office'
ports = [ "udp/5060" ]  # no TLS

[secondary] # rack 2
fqdn = "beta.example.net"
hostname = "beta"
server_id = 0x2
[secondary.address]
v4 = "192.0.2.12" # eth0
[primary]
hostname = "alpha"
fqdn = "alpha.example.net"
server_id = 1
address.v4 = "192.0.2.11"

# the number of the house
[[vip]]
address = "192.0.2.10"
interface = "eth0" # front
"#;

    #[test]
    fn an_unchanged_pair_leaves_every_byte_of_the_file() {
        let pair = parse_pair(BY_HAND, "x").unwrap();
        let again = render_pair(Some(BY_HAND), &pair).unwrap();
        // The only additions are keys whose value the file left to the defaults.
        let added: Vec<&str> = again.lines().filter(|line| !BY_HAND.contains(line)).collect();
        assert_eq!(added, ["block = \"drop\"", "takeover = \"manual\""]);
        let kept: Vec<&str> = again.lines().filter(|line| !added.contains(line)).collect();
        assert_eq!(kept, BY_HAND.lines().collect::<Vec<_>>());
    }

    #[test]
    fn a_changed_value_keeps_the_comments_around_it() {
        let mut pair = parse_pair(BY_HAND, "x").unwrap();
        pair.nodes.secondary.address.v4 = Some([192, 0, 2, 99].into());
        pair.vips[0].interface = "eth7".to_owned();
        let text = render_pair(Some(BY_HAND), &pair).unwrap();
        assert!(text.contains("v4 = \"192.0.2.99\" # eth0"), "{text}");
        assert!(text.contains("# the number of the house\n[[vip]]"), "{text}");
        assert!(text.contains("interface = \"eth7\" # front"), "{text}");
        assert!(text.contains("name = 'office'"), "{text}");
    }

    #[test]
    fn a_removed_vip_takes_only_its_own_comment_along() {
        let mut pair = office();
        pair.vips.push(Vip {
            address: [192, 0, 2, 20].into(),
            interface: "eth1".to_owned(),
        });
        let text = render_pair(None, &pair).unwrap().replace(
            "[[vip]]\naddress = \"192.0.2.20\"",
            "# second\n[[vip]]\naddress = \"192.0.2.20\"",
        );
        pair.vips.remove(0);
        let fewer = render_pair(Some(&text), &pair).unwrap();
        assert!(fewer.contains("# second\n[[vip]]"), "{fewer}");
        assert_eq!(parse_pair(&fewer, "x").unwrap(), pair);
    }

    #[test]
    fn a_new_file_explains_itself() {
        let text = render_pair(None, &office()).unwrap();
        assert!(text.starts_with("# The pair that pairadm administers"), "{text}");
        assert_eq!(parse_pair(&text, "x").unwrap(), office());
        insta::assert_snapshot!(text);
    }

    proptest! {
        #[test]
        fn every_pair_survives_the_file(pair in pairs(), other in pairs()) {
            let text = render_pair(None, &pair).unwrap();
            prop_assert_eq!(&parse_pair(&text, "x").unwrap(), &pair);
            // Also when the file said something else before.
            let changed = render_pair(Some(&text), &other).unwrap();
            prop_assert_eq!(&parse_pair(&changed, "x").unwrap(), &other);
            // And writing the same again changes nothing.
            prop_assert_eq!(render_pair(Some(&changed), &other).unwrap(), changed);
        }
    }
}

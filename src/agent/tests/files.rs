//! What stands in the way of changing a file, each on a real file system: found before anything is
//! changed, named, and nothing left behind.

use super::support::{Controller, Node, TAG, looks, next_op, plan};
use crate::agent::protocol::{End, Request, Response};
use crate::error::Error;
use crate::model::OpId;
use crate::plan::{Action, FilePut, Keep};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A small ext4 of its own, mounted while this lives.
struct Disk {
    directory: tempfile::TempDir,
    mount: PathBuf,
}

impl Disk {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let image = directory.path().join("image");
        let mount = directory.path().join("mount");
        std::fs::create_dir(&mount).unwrap();
        std::fs::File::create(&image).unwrap().set_len(8 << 20).unwrap();
        run(&["mkfs.ext4", "-q", "-m", "0"], &image);
        let disk = Self { directory, mount };
        disk.mount_image();
        disk
    }

    fn mount_image(&self) {
        let image = self.directory.path().join("image");
        run(&["mount", "-o", "loop", image.to_str().unwrap()], &self.mount);
    }

    fn fill(&self) {
        let chunk = vec![b'x'; 64 * 1024];
        let mut number = 0;
        while std::fs::write(self.mount.join(format!("filler{number}")), &chunk).is_ok() {
            number += 1;
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run(&["umount"], &self.mount);
    }
}

/// Runs a program until it succeeds: another test's child that is just being started holds this process's
/// files for a moment, and whoever asks for a loop device may lose a race for it.
fn run(argv: &[&str], last: &Path) {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let output = Command::new(argv[0]).args(&argv[1..]).arg(last).output().unwrap();
        if output.status.success() {
            return;
        }
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(Instant::now() < until, "{argv:?}: {told}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Prepares one change of `path` and returns the refusal.
fn refusal(node: &Node, put: FilePut) -> Error {
    let mut controller = Controller::on(node);
    controller.begin(1, &plan(vec![vec![Action::File(put)]])).unwrap();
    let error = controller.prepare(1, &[1]).unwrap_err();
    assert_eq!(error.kind, crate::error::Kind::Refused);
    assert!(error.subject.is_some() && error.hint.is_some(), "{error:?}");
    controller.finish(1, End::RolledBack).unwrap();
    error
}

fn put_at(node: &Node, path: &Path, before: Option<&str>, after: &str) -> FilePut {
    FilePut {
        path: path.display().to_string(),
        ..node.file_put("", before, Some(after))
    }
}

#[test]
fn a_file_that_differs_from_the_plan_is_not_touched() {
    let node = Node::new();
    node.write("file", "edited meanwhile", 0o644);
    let before = looks(&node.file("file"));
    assert_eq!(
        refusal(&node, node.file_put("file", Some("planned"), Some("new"))).code,
        "file_changed"
    );
    assert_eq!(refusal_on_new(&node, "gone", Some("planned")), "file_changed");
    assert_eq!(refusal_on_new(&node, "file", None), "file_changed");
    assert_eq!(looks(&node.file("file")), before);
    assert_eq!(node.names(), ["file"], "no backup of a refused change");
}

fn refusal_on_new(node: &Node, name: &str, before: Option<&str>) -> String {
    let mut controller = Controller::on(node);
    let op = next_op(node);
    controller
        .begin(op, &plan(vec![vec![node.put(name, before, Some("new"))]]))
        .unwrap();
    controller.prepare(op, &[1]).unwrap_err().code
}

#[test]
fn one_refused_file_of_a_stage_keeps_all_of_them_as_they_are() {
    let node = Node::new();
    node.write("good", "old", 0o644);
    node.write("bad", "edited", 0o644);
    let plan = plan(vec![vec![
        node.put("good", Some("old"), Some("new")),
        node.put("bad", Some("planned"), Some("new")),
    ]]);
    let mut controller = Controller::on(&node);
    controller.begin(1, &plan).unwrap();
    assert_eq!(controller.prepare(1, &[1, 2]).unwrap_err().code, "file_changed");
    assert_eq!(node.names(), ["bad", "good"]);
}

#[test]
fn links_pipes_and_directories_are_refused_by_name() {
    let node = Node::new();
    node.write("target", "old", 0o644);
    std::os::unix::fs::symlink("target", node.file("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", node.file("dangling")).unwrap();
    std::fs::hard_link(node.file("target"), node.file("second")).unwrap();
    std::fs::create_dir(node.file("directory")).unwrap();
    run(&["mkfifo"], &node.file("pipe"));
    let expected = [
        ("link", Some("old"), "symlink"),
        ("dangling", None, "symlink"),
        ("target", Some("old"), "hard_links"),
        ("directory", None, "not_regular"),
        ("pipe", None, "not_regular"),
        ("target/below", None, "parent_missing"),
        ("dangling/below", None, "parent_missing"),
    ];
    for (name, before, code) in expected {
        assert_eq!(refusal_on_new(&node, name, before), code, "{name}");
    }
    assert_eq!(node.read("target").as_deref(), Some("old"));
}

#[test]
fn a_bind_mounted_file_is_refused() {
    let node = Node::new();
    let path = node.write("a file", "old", 0o644);
    let source = node.write("source", "old", 0o644);
    run(&["mount", "--bind", source.to_str().unwrap()], &path);
    let error = refusal(&node, node.file_put("a file", Some("old"), Some("new")));
    run(&["umount"], &path);
    assert_eq!(error.code, "bind_mount");
}

#[test]
fn immutable_and_append_only_files_and_directories_are_refused() {
    let disk = Disk::new();
    let node = Node::new();
    let path = disk.mount.join("file");
    std::fs::write(&path, "old").unwrap();
    for (flag, target) in [("+i", &path), ("+a", &path), ("+i", &disk.mount)] {
        run(&["chattr", flag], target);
        let op = next_op(&node);
        let mut controller = Controller::on(&node);
        let put = put_at(&node, &path, Some("old"), "new");
        controller
            .begin(op, &plan(vec![vec![Action::File(put)]]))
            .unwrap();
        let error = controller.prepare(op, &[1]).unwrap_err();
        run(&["chattr", &flag.replace('+', "-")], target);
        assert_eq!(error.code, "immutable");
        assert!(error.hint.unwrap().contains(&flag.replace('+', "-")));
    }
}

#[test]
fn a_read_only_file_system_is_refused_and_bars_no_way_back() {
    let disk = Disk::new();
    let node = Node::new();
    let path = disk.mount.join("file");
    std::fs::write(&path, "old").unwrap();
    let put = put_at(&node, &path, Some("old"), "new");
    let mut controller = Controller::on(&node);
    controller
        .begin(1, &plan(vec![vec![Action::File(put.clone())]]))
        .unwrap();
    controller.prepare(1, &[1]).unwrap();
    run(&["mount", "-o", "remount,ro"], &disk.mount);
    assert_eq!(controller.apply(1, 1).unwrap_err().code, "read_only");
    assert!(!controller.revert(1, 1).unwrap().changed);
    controller.finish(1, End::RolledBack).unwrap();
    controller.begin(2, &plan(vec![vec![Action::File(put)]])).unwrap();
    assert_eq!(controller.prepare(2, &[1]).unwrap_err().code, "read_only");
}

#[test]
fn a_disk_without_room_for_the_backups_is_refused_before_anything_is_written() {
    let disk = Disk::new();
    let node = Node::new();
    let path = disk.mount.join("file");
    std::fs::write(&path, "old").unwrap();
    disk.fill();
    let error = refusal(&node, put_at(&node, &path, Some("old"), "new"));
    assert_eq!(error.code, "disk_full");
    let names = std::fs::read_dir(&disk.mount).unwrap().flatten();
    assert!(
        !names
            .map(|entry| entry.file_name())
            .any(|name| name.to_string_lossy().contains(TAG))
    );
}

#[test]
fn a_disk_that_fills_up_in_the_middle_leaves_the_original_and_no_empty_draft() {
    let disk = Disk::new();
    let node = Node::new();
    let path = disk.mount.join("file");
    std::fs::write(&path, "old").unwrap();
    let before = looks(&path);
    let new = "n".repeat(100_000);
    let mut controller = Controller::on(&node);
    controller
        .begin(
            1,
            &plan(vec![vec![Action::File(put_at(&node, &path, Some("old"), &new))]]),
        )
        .unwrap();
    controller.prepare(1, &[1]).unwrap();
    disk.fill();
    let error = controller.apply(1, 1).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.kind),
        ("disk_full", crate::error::Kind::Refused)
    );
    assert_eq!(looks(&path), before);
    let hidden = std::fs::read_dir(&disk.mount).unwrap().flatten();
    assert!(
        !hidden
            .map(|entry| entry.file_name())
            .any(|name| name.to_string_lossy().starts_with('.'))
    );
    controller.revert(1, 1).unwrap();
    controller.finish(1, End::RolledBack).unwrap();
}

#[test]
fn an_original_comes_back_even_on_a_full_disk() {
    let disk = Disk::new();
    let node = Node::new();
    let path = disk.mount.join("file");
    std::fs::write(&path, "o".repeat(100_000)).unwrap();
    let before = looks(&path);
    let put = put_at(&node, &path, Some(&"o".repeat(100_000)), "new");
    let mut controller = Controller::on(&node);
    controller.begin(1, &plan(vec![vec![Action::File(put)]])).unwrap();
    controller.prepare(1, &[1]).unwrap();
    controller.apply(1, 1).unwrap();
    disk.fill();
    assert!(controller.revert(1, 1).unwrap().changed);
    assert_eq!(looks(&path), before);
}

#[test]
fn a_full_disk_under_the_journal_refuses_the_operation_and_damages_nothing() {
    let disk = Disk::new();
    let node = Node::at(&disk.mount);
    node.write("file", "old", 0o644);
    let change = |before, after| plan(vec![vec![node.put("file", Some(before), Some(after))]]);
    Controller::on(&node).run(1, &change("old", "new")).unwrap();
    let mut controller = Controller::on(&node);
    controller.begin(2, &change("new", "newer")).unwrap();
    disk.fill();
    assert_eq!(
        controller
            .begin(3, &change("new", &"x".repeat(200_000)))
            .unwrap_err()
            .code,
        "disk_full"
    );
    assert_eq!(controller.prepare(2, &[1]).unwrap_err().code, "disk_full");
    controller.finish(2, End::RolledBack).unwrap();
    let ask = Request::History { op: None, limit: 9 };
    let Response::History { operations } = controller.ask(ask).unwrap() else {
        panic!()
    };
    let ends: Vec<_> = operations
        .iter()
        .map(|operation| (operation.op, operation.end))
        .collect();
    assert_eq!(
        ends,
        [(OpId(2), Some(End::RolledBack)), (OpId(1), Some(End::Committed))]
    );
}

#[test]
fn a_backup_never_overwrites_somebody_elses_file() {
    let node = Node::new();
    node.write("file", "old", 0o644);
    node.write(&format!("file.{TAG}1"), "precious", 0o644);
    let mut controller = Controller::on(&node);
    controller
        .run(1, &plan(vec![vec![node.put("file", Some("old"), Some("new"))]]))
        .unwrap();
    assert_eq!(node.read(&format!("file.{TAG}1")).as_deref(), Some("precious"));
    assert_eq!(node.read(&format!("file.{TAG}1_1")).as_deref(), Some("old"));
}

#[test]
fn a_directory_that_loads_everything_holds_no_backup() {
    let node = Node::new();
    node.write("conf", "old", 0o644);
    let put = FilePut {
        keep: Keep::Aside,
        ..node.file_put("conf", Some("old"), Some("new"))
    };
    Controller::on(&node)
        .run(1, &plan(vec![vec![Action::File(put)]]))
        .unwrap();
    assert_eq!(node.names(), ["conf"]);
    assert_eq!(std::fs::read_dir(node.paths().backups()).unwrap().count(), 1);
}

#[test]
fn a_rerun_after_an_unfinished_operation_keeps_the_first_original() {
    let node = Node::new();
    let path = node.write("file", "first", 0o640);
    let before = looks(&path);
    let mut controller = Controller::on(&node);
    controller
        .begin(
            1,
            &plan(vec![vec![node.put("file", Some("first"), Some("second"))]]),
        )
        .unwrap();
    controller.prepare(1, &[1]).unwrap();
    controller.apply(1, 1).unwrap();
    // The controller is gone; a new one plans again from what is there now.
    let mut controller = {
        drop(controller);
        Controller::on(&node)
    };
    controller
        .begin(
            2,
            &plan(vec![vec![node.put("file", Some("second"), Some("third"))]]),
        )
        .unwrap();
    controller.prepare(2, &[1]).unwrap();
    controller.apply(2, 1).unwrap();
    assert_eq!(node.read("file").as_deref(), Some("third"));
    assert_eq!(
        node.names().len(),
        2,
        "nothing but the first original is kept: {:?}",
        node.names()
    );
    controller.revert(2, 1).unwrap();
    assert_eq!(looks(&path), before);
}

#[test]
fn a_later_edit_or_chmod_by_a_person_is_a_conflict_and_stays() {
    let node = Node::new();
    let path = node.write("file", "old\n", 0o644);
    let mut controller = Controller::on(&node);
    controller
        .begin(
            1,
            &plan(vec![vec![node.put("file", Some("old\n"), Some("new\n"))]]),
        )
        .unwrap();
    controller.prepare(1, &[1]).unwrap();
    controller.apply(1, 1).unwrap();
    node.write("file", "mine\n", 0o644);
    let error = controller.revert(1, 1).unwrap_err();
    assert_eq!(error.code, "changed_since");
    let diff = error.diff.unwrap();
    assert!(diff.contains("-new") && diff.contains("+mine"), "{diff}");
    assert_eq!(node.read("file").as_deref(), Some("mine\n"));
    node.write("file", "new\n", 0o600);
    let error = controller.revert(1, 1).unwrap_err();
    assert!(
        error.cause.unwrap().contains("mode 644"),
        "a chmod counts as well"
    );
    assert_eq!(looks(&path).unwrap().mode, 0o600);
}

#[test]
fn a_file_that_not_everybody_may_read_is_not_shown() {
    let node = Node::new();
    node.write("secret", "password=old\n", 0o600);
    let mut controller = Controller::on(&node);
    controller
        .begin(
            1,
            &plan(vec![vec![node.put(
                "secret",
                Some("password=old\n"),
                Some("password=new\n"),
            )]]),
        )
        .unwrap();
    controller.prepare(1, &[1]).unwrap();
    controller.apply(1, 1).unwrap();
    node.write("secret", "password=mine\n", 0o600);
    let error = controller.revert(1, 1).unwrap_err();
    assert!(!format!("{error:?}").contains("password"), "{error:?}");
}

#[test]
fn reading_for_a_plan_tells_content_and_obstacle() {
    let node = Node::new();
    node.write("file", "text", 0o640);
    std::os::unix::fs::symlink("file", node.file("link")).unwrap();
    let mut controller = Controller::on(&node);
    let mut read = |name: &str| match controller.ask(Request::Read {
        path: node.file(name).display().to_string(),
    }) {
        Ok(Response::File(image)) => image,
        other => panic!("{other:?}"),
    };
    let file = read("file");
    assert_eq!(
        (file.mode, file.obstacle.is_none(), file.sha256.is_some()),
        (0o640, true, true)
    );
    assert!(read("link").obstacle.unwrap().contains("symbolic link"));
    assert_eq!(read("absent").sha256, None);
}

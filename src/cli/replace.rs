//! A file is replaced as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};

/// Gives the file at `path` the content `bytes`: written beside it, made durable, and renamed over
/// it, so that nobody ever sees a part. A link is followed, and a file that is there keeps its
/// permissions and, where that is allowed, its owner. What is no file (a pipe, `/dev/stdout`) is
/// written to.
///
/// # Errors
/// As the system gives them. The file is then as it was, and nothing is left beside it.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) if !metadata.is_file() => {
            return OpenOptions::new().write(true).open(path)?.write_all(bytes);
        }
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let path = if is_link { fs::canonicalize(path)? } else { path.to_owned() };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let (mut file, beside) = create_beside(folder)?;
    let written = fill(&mut file, old.as_ref(), bytes).and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
        return written;
    }
    // The file is in place; whether the folder is on disk already changes nothing for who reads it.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

fn fill(file: &mut File, old: Option<&fs::Metadata>, bytes: &[u8]) -> io::Result<()> {
    if let Some(old) = old {
        // Only root can give a file away; before the permissions, of which it takes some away.
        let _ = fchown(&*file, Some(old.uid()), Some(old.gid()));
        file.set_permissions(old.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()
}

/// A new file of a name of its own.
fn create_beside(folder: &Path) -> io::Result<(File, PathBuf)> {
    let mut attempt = 0;
    loop {
        let path = folder.join(format!(".hydra-shim-{}-{attempt}", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_file_keeps_its_permissions_and_a_link_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("f"), folder.path().join("l"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("f", &link).unwrap();
        replace(&link, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        replace(&folder.path().join("n"), b"").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_failure_leaves_everything() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("d");
        fs::create_dir(&inner).unwrap();
        symlink("nowhere", folder.path().join("l")).unwrap();
        for (path, kind) in [
            (inner.clone(), io::ErrorKind::IsADirectory),
            (folder.path().join("l"), io::ErrorKind::NotFound),
            (inner.join("x/y"), io::ErrorKind::NotFound),
            (PathBuf::from("/dev/full"), io::ErrorKind::StorageFull),
        ] {
            assert_eq!(replace(&path, b"x").unwrap_err().kind(), kind, "{path:?}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        assert_eq!(fs::read_dir(inner).unwrap().count(), 0);
        assert!(!fs::metadata("/dev/full").unwrap().is_file());
    }
}

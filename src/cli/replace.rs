//! A file is replaced as a whole or not at all.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::Path;

use tempfile::{Builder, TempPath};

/// Gives the file at `path` the content `bytes`: written beside it, made durable, and renamed over
/// it, so that nobody ever sees a part. A link is followed, and a file that is there keeps its
/// permissions and, where that is allowed, its owner. What is not a file (a pipe, `/dev/stdout`) is
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
    let like = old.as_ref().map(|old| (old, old.permissions()));
    beside(&path, bytes, like)?.persist(&path)?;
    sync_folder(&path);
    Ok(())
}

/// A new file in the folder of `path`, durable, with the content `bytes`, and with an owner, where that is
/// allowed, and permissions. It is removed again unless it is renamed.
///
/// # Errors
/// As the system gives them.
pub(super) fn beside(
    path: &Path,
    bytes: &[u8],
    like: Option<(&Metadata, Permissions)>,
) -> io::Result<TempPath> {
    // As any new file; the umask takes its part.
    let new = Permissions::from_mode(0o666);
    // Of an error the kind: its text has the temporary file's name.
    let mut file = Builder::new()
        .prefix(".hydra-shim-")
        .permissions(new)
        .tempfile_in(folder_of(path))
        .map_err(|error| error.kind())?;
    if let Some((owner, permissions)) = like {
        // Only root can give a file away; before the permissions, of which it takes some away.
        let _ = fchown(file.as_file(), Some(owner.uid()), Some(owner.gid()));
        file.as_file().set_permissions(permissions)?;
    }
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    // Closed: a program that somebody still writes could not be executed.
    Ok(file.into_temp_path())
}

/// Makes a rename to `path` durable. It is done already, and where it is not on disk yet nothing
/// changes for who reads it.
pub(super) fn sync_folder(path: &Path) {
    let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

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
        fs::write(folder.path().join("m"), "").unwrap();
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().mode();
        assert_eq!(mode("n"), mode("m"), "as any new file");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
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

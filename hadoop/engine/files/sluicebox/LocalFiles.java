package sluicebox;

import org.apache.hadoop.fs.LocalFileSystem;

/** The local file system of the engine, `fs.file.impl`: Hadoop's own, less what it starts a process for. */
public final class LocalFiles extends LocalFileSystem {
    public LocalFiles() {
        super(new RawLocalFiles());
    }
}

//go:build unix && !linux

package file

// renameNew renames a file unless there is one that has the new name: the error then is
// fs.ErrExist.
func renameNew(from, to string) error { return link(from, to) }

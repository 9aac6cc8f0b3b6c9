package file

import "io/fs"

// Restrict takes away permissions that are not in mode from a staged output; standard output and
// devices keep theirs.
func (o *Output) Restrict(mode fs.FileMode) error {
	if !o.staged || o.upload != nil {
		return nil
	}
	info, err := o.file.Stat()
	if err != nil {
		return err
	}
	return o.file.Chmod(info.Mode().Perm() & (mode | 0o600))
}

// SetMode gives a staged output a mode, less the umask; objects have none.
func (o *Output) SetMode(mode fs.FileMode) error {
	if o.upload != nil {
		return nil
	}
	return o.file.Chmod(mode &^ umask())
}

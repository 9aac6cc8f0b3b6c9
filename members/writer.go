package members

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"io"
)

// Writer writes the content of an archive of many files, as a rule to a stream.Writer. It belongs
// to one goroutine at a time.
type Writer struct {
	tar     *tar.Writer
	to      io.Writer
	at      int64 // bytes of the tar so far
	members []Member
	seen    map[[sha256.Size]byte]int // number of the member with this content
	sizes   map[int64]bool            // that members have
	paths   map[string]bool           // that are taken
	err     error                     // sticky
}

// NewWriter makes a Writer that writes to w.
func NewWriter(w io.Writer) *Writer {
	z := &Writer{to: w, seen: map[[sha256.Size]byte]int{}, sizes: map[int64]bool{}, paths: map[string]bool{ListName: true}}
	z.tar = tar.NewWriter(counted{z})
	return z
}

// counted counts what the tar takes.
type counted struct{ *Writer }

func (z counted) Write(p []byte) (int, error) {
	n, err := z.to.Write(p)
	z.at += int64(n)
	z.err = err
	return n, err
}

// Add adds a regular file of header.Size bytes of content. One that is the same as a file before it
// becomes a hard link to that. Header is changed. Content is read twice where a file of its size
// came before.
//
// A file whose path (FS) another one has is refused: who unpacks the tar would lose one of them, and
// get the wrong content for links to it.
//
// An error that Err does not give then is one of content, or of header, alone: nothing was written.
func (z *Writer) Add(header *tar.Header, content io.ReaderAt) error {
	if z.err != nil {
		return z.err
	}
	path := pathOf(header.Name)
	if z.paths[path] {
		return fmt.Errorf("the archive has a file %s already", path)
	}
	size := header.Size
	header.Typeflag, header.Format = tar.TypeReg, tar.FormatPAX
	m := Member{Name: header.Name, Size: size, Mode: header.FileInfo().Mode().Perm(), Modified: header.ModTime}
	if size > 0 && z.sizes[size] {
		sum := sha256.New()
		if _, err := io.Copy(sum, io.NewSectionReader(content, 0, size)); err != nil {
			return err
		}
		if i, ok := z.seen[[sha256.Size]byte(sum.Sum(nil))]; ok && z.members[i].Size == size {
			header.Typeflag, header.Linkname, header.Size = tar.TypeLink, z.members[i].Name, 0
			if err := z.tar.WriteHeader(header); err != nil {
				return err
			}
			m.Offset = z.members[i].Offset
			z.paths[path] = true
			z.members = append(z.members, m)
			return nil
		}
	}
	if err := z.tar.WriteHeader(header); err != nil {
		return err
	}
	m.Offset = z.at
	sum := sha256.New()
	n, err := io.Copy(z.tar, io.TeeReader(io.NewSectionReader(content, 0, size), sum))
	if err == nil && n < size {
		err = fmt.Errorf("%s was cut off while it was read: only %d of its %d bytes were there", header.Name, n, size)
	}
	if err == nil {
		err = z.tar.Flush()
	}
	if z.err = err; err != nil {
		return err
	}
	z.paths[path] = true
	z.members = append(z.members, m)
	z.seen[[sha256.Size]byte(sum.Sum(nil))] = len(z.members) - 1
	z.sizes[size] = true
	return nil
}

// Err is the error of all later calls; nil: there is none.
func (z *Writer) Err() error { return z.err }

// Close writes the list of members, and the end of the tar. It does not close what is written to.
func (z *Writer) Close() error {
	if z.err != nil {
		return z.err
	}
	text := appendList(nil, z.members)
	header := &tar.Header{Name: ListName, Mode: 0o644, Typeflag: tar.TypeReg, Format: tar.FormatPAX, Size: int64(len(text)) + trailerSize}
	if z.err = z.tar.WriteHeader(header); z.err == nil {
		text = fmt.Appendf(text, listTrailer, z.at)
		if _, z.err = z.tar.Write(text); z.err == nil {
			z.err = z.tar.Close()
		}
	}
	return z.err
}

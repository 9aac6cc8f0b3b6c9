package folder

import (
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// Upload begins the names of what a job has not finished.
const Upload = ".lmz-upload-"

// unfinished are the names of what lmz has not finished: a name, or the first 40 bytes of a long
// one, without what UTF-8 would be cut in, and letters and digits at random or made of the name.
var unfinished = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)^\.(.+)\.(?:[A-Z2-7]{10}|[a-z2-7]{16})$`)
})

// Unfinished says whether a name is one of an archive that lmz or a job is writing, or was when it
// was killed.
func Unfinished(name string, isArchive func(name string) bool) bool {
	base := path.Base(filepath.ToSlash(name))
	if strings.HasPrefix(base, Upload) {
		return true
	}
	of := unfinished().FindStringSubmatch(base)
	return of != nil && (isArchive(of[1]) || len(of[1]) > 36 && len(of[1]) <= 40)
}

package remote

import (
	"net/url"
	"strings"
)

// Path gives the name of the file that a file:// URL names, and any other name as it is.
func Path(name string) string {
	if !strings.HasPrefix(name, "file://") {
		return name
	}
	u, err := url.Parse(name)
	if err != nil || u.Host != "" && u.Host != "localhost" || u.Path == "" {
		return name
	}
	return u.Path
}

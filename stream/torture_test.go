package stream

import "os"

// torture makes tests try many times as much as they do otherwise (make torture).
var torture = os.Getenv("LMZ_TORTURE") != ""

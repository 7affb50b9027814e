module dqlitepy.dev/go

go 1.26.0

require (
	github.com/Rican7/retry v0.3.1
	github.com/canonical/go-dqlite/v3 v3.0.4
	github.com/dlclark/regexp2/v2 v2.13.0
	github.com/google/renameio v1.0.1
	github.com/mattn/go-sqlite3 v1.14.53
	github.com/pkg/errors v0.9.1
	golang.org/x/sync v0.25.0
	golang.org/x/sys v0.50.0
	gopkg.in/yaml.v2 v2.4.0
)

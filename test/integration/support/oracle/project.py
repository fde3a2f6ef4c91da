"""What `fields` leaves of a document. STAC API Fields v1.0.0, "Include/Exclude Semantics"."""

ITEM = ["type", "stac_version", "id", "collection", "geometry", "bbox", "links", "assets"]
COLLECTION = ["type", "stac_version", "id", "description", "license", "extent", "links"]
MEMBERS = (*ITEM, "stac_extensions", "properties")


def below(paths, key):
    """The rest of the paths that lead to or through a key; '' is the key itself. A key may have dots."""
    return ["" if path == key else path[len(key) + 1 :] for path in paths if path == key or path.startswith(key + ".")]


def cut(value, include, exclude, is_kept):
    """(value,) with what is wanted, or () without any. The most specific path counts; of two alike the included."""
    is_kept = "" in include or (is_kept and "" not in exclude)
    include, exclude = ([path for path in paths if path] for paths in (include, exclude))
    if isinstance(value, dict) and (include or exclude):
        parts = {key: cut(each, below(include, key), below(exclude, key), is_kept) for key, each in value.items()}
        found = {key: part[0] for key, part in parts.items() if part}
        return (found,) if found or is_kept else ()
    if isinstance(value, list) and (include or exclude):
        found = [part for each in value for part in cut(each, include, exclude, is_kept)]
        return (found,) if found or is_kept else ()
    return (value,) if is_kept else ()


def least(document, kind):
    if kind == "collection":
        return COLLECTION
    is_null = document["properties"]["datetime"] is None
    return [*ITEM, "properties.datetime", *(["properties.start_datetime", "properties.end_datetime"] if is_null else [])]


def project(document, fields, kind="item"):
    def paths(names):
        """A name that is none of the Item's own members may be a property's, too."""
        return [path for name in names or [] for path in ([name] if kind == "collection" or name.split(".")[0] in MEMBERS else [name, f"properties.{name}"])]

    include, exclude = paths(fields.get("include")), paths(fields.get("exclude"))
    if not include and exclude and "include" not in fields:
        return cut(document, [], exclude, True)[0]
    if not include:
        include = [path for path in least(document, kind) if not any(path == each or path.startswith(each + ".") for each in exclude)]
    return next(iter(cut(document, include, exclude, False)), {})

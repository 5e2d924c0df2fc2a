"""compose.yaml: what it names is there, and what it sets is a setting."""

from dataclasses import fields

import yaml
from index_helpers import ROOT

from rag.settings import Settings


def test_the_set_up_names_only_what_there_is() -> None:
    plan = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    services, known = plan["services"], {f"DATELINE_{field.name.upper()}" for field in fields(Settings)}
    for service in services.values():
        assert set(service.get("depends_on", ())) <= {*services}
        for volume in service.get("volumes", ()):
            name = volume.rpartition(":/")[0]
            assert name in plan["volumes"] or "/" in name
        for waited, how in service.get("depends_on", {}).items():
            assert how["condition"] == "service_started" or "healthcheck" in services[waited]
        assert {name for name in service.get("environment", ()) if name.startswith("DATELINE_")} <= known
    given = services["app-1"]["environment"]
    url = given["DATELINE_CATALOG_URL"].replace("${POSTGRES_PASSWORD:?write it into .env}", "a")
    Settings.load({"catalog_url": url, "chroma_url": given["DATELINE_CHROMA_URL"]}, {})

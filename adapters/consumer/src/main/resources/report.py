# guide: report
import humanize
import jinja2
import yaml
from terrarium.bridge import BaseBridge, handler

class Report(BaseBridge):
    framework = "report"

    @handler
    def render(self, template: str, data: str) -> str:
        environment = jinja2.Environment(autoescape=True)
        environment.filters["size"] = humanize.naturalsize
        return environment.from_string(template).render(yaml.safe_load(data))
# end

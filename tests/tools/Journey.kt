// One journey with the models that OpenAPI Generator makes: resolve, validate, read a 400.

import com.fasterxml.jackson.annotation.JsonInclude
import com.fasterxml.jackson.databind.ObjectMapper
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import org.sclerotherapy.client.models.Amount
import org.sclerotherapy.client.models.AmountUnit
import org.sclerotherapy.client.models.Answer
import org.sclerotherapy.client.models.Plan
import org.sclerotherapy.client.models.Problem
import org.sclerotherapy.client.models.Resolution
import org.sclerotherapy.client.models.Session
import org.sclerotherapy.client.models.Treatment
import org.sclerotherapy.client.models.Verdict

val json: ObjectMapper = ObjectMapper().setSerializationInclusion(JsonInclude.Include.NON_NULL)
val client: HttpClient = HttpClient.newHttpClient()

fun sent(request: HttpRequest.Builder): HttpResponse<String> =
    client.send(request.build(), HttpResponse.BodyHandlers.ofString())

fun plan(area: String) =
    Plan(sessions = listOf(Session(treatments = listOf(Treatment(area = area, amount = Amount("12", AmountUnit.cc))))))

fun main(arguments: Array<String>) {
    val (address) = arguments
    fun validate(plan: Plan) = sent(
        HttpRequest.newBuilder(URI.create("$address/v1/session-plans/validate"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json.writeValueAsString(plan))),
    )

    val resolved = sent(HttpRequest.newBuilder(URI.create("$address/v1/session-limits/resolve?product=asclera&form=liquid")))
    val binding = json.readValue(resolved.body(), Resolution::class.java).binding
    check(binding?.bound?.value == "10")
    println("Kotlin: resolves")

    val answer = json.readValue(validate(plan("leg")).body(), Answer::class.java)
    check(answer.verdict == Verdict.outside_limits)
    check(answer.findings.first().observed?.value == "12")
    println("Kotlin: validates")

    val refusal = validate(plan("lge"))
    val problem = json.readValue(refusal.body(), Problem::class.java)
    check(refusal.statusCode() == 400 && problem.code == "invalid_plan")
    check(problem.errors?.first()?.pointer == "/sessions/0/treatments/0/area")
    println("Kotlin: reads a 400 and its faults")
}

# Recurrent events with R's survival, on its table bladder2 (Wei, Lin and Weissfeld 1989). Run in this folder:
#   Rscript squads.R
# Writes squads_bladder.csv (the table) and squads.csv: Andersen-Gill, Prentice-Williams-Peterson in total and gap time
# with errors clustered by subject, and the mean cumulative function with its robust error.
suppressMessages(library(survival))
d <- bladder2
write.csv(d[, c("id", "rx", "number", "size", "start", "stop", "event", "enum")], "squads_bladder.csv",
          row.names = FALSE, quote = FALSE)
out <- data.frame()
say <- function(id, name, value) out <<- rbind(out, data.frame(id = id, name = name, value = sprintf("%.12g", value)))
control <- coxph.control(eps = 1e-12, iter.max = 100)
keep <- function(id, f) { say(paste0(id, ".coef"), names(coef(f)), coef(f)); say(paste0(id, ".se"), names(coef(f)), sqrt(diag(vcov(f)))) }
keep("ag", coxph(Surv(start, stop, event) ~ rx + number + size, d, cluster = id, control = control))
keep("pwp.total", coxph(Surv(start, stop, event) ~ rx + number + size + strata(enum), d, cluster = id, control = control))
keep("pwp.gap", coxph(Surv(stop - start, event) ~ rx + number + size + strata(enum), d, cluster = id, control = control))
f <- survfit(Surv(start, stop, event) ~ 1, d, id = id, robust = TRUE)
for (t in c(5, 12, 24, 40)) {
  i <- max(which(f$time <= t))
  say("mcf", t, f$cumhaz[i]); say("mcf.se", t, f$std.chaz[i])
}
write.csv(out, "squads.csv", row.names = FALSE, quote = FALSE)
